// The explorer's page: a photo, a map, and the map laid over the photo, with what chooses them.
//
// explorer.py puts explorer_pixels.js before this file. Jupyter loads the two as a widget, and
// save_html writes them into a page of its own. Nothing is ever fetched.

const KINDS = {
  norm: ["토큰 노름", "token norm"],
  cls: ["CLS 어텐션", "CLS attention"],
  query: ["고른 패치의 어텐션", "attention of the patch"],
  similarity: ["고른 패치와의 유사도", "similarity to the patch"],
};
const SCALES = {
  "min-max": ["최소-최대", "min-max"],
  shared: ["공통 눈금", "shared scale"],
  raw: ["원값, 0부터", "raw, from 0"],
};
const START = { kind: "norm", head: 0, scale: "min-max", smooth: true, keep: 100 };
const PATIENCE = 60000; // ms to wait for the kernel

/** An element with properties, `aria-…` attributes and children. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (/^(aria-|role$)/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** In the language that Python asks for: the Korean words, the English ones, or both. */
const speaker = (model) => (ko, en) => ({ ko, en })[model.get("language")] ?? `${ko} ${en}`;

const labelled = (text, control) => make("label", {}, make("span", { textContent: text }), control);

function menu(options) {
  const items = Object.entries(options);
  return make("select", {}, ...items.map(([value, text]) => new Option(text, value)));
}

/** Whether the pointer is down; watched once a page, however often the cell is run. */
function pointer() {
  if (globalThis.dinoPointer) return globalThis.dinoPointer;
  const state = { down: false };
  window.addEventListener("pointerdown", () => (state.down = true), true);
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, () => (state.down = false), true);
  }
  return (globalThis.dinoPointer = state);
}

/** Sliders tell the kernel of every step, and each step costs it work. Hold that back until the
 * pointer is up and the slider has rested. */
async function hush(manager, id) {
  const model = await manager?.get_model?.(id);
  if (!model || model.hushed) return;
  model.hushed = true;
  const save = model.save_changes.bind(model), state = pointer();
  let timer;
  model.save_changes = (...args) => {
    const later = () => (state.down ? wait() : save(...args));
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(later, 500);
    };
    wait();
  };
}

/** Draw the explorer into an element; the model holds what Python sent. */
async function render({ model, el }) {
  const say = speaker(model);
  const named = (words) =>
    Object.fromEntries(Object.entries(words).map(([name, pair]) => [name, say(...pair)]));
  const kinds = named(KINDS);
  let maps = new Maps(model.get("data"));
  const first = maps.block;
  const state = { ...START, patch: null, pinned: false };
  const picture = await createImageBitmap(new Blob([bytes(model.get("photo"))]));
  const size = [picture.width, picture.height];
  const tables = Object.values(model.get("tables")).map(bytes);

  // Controls
  const kind = menu(kinds), head = menu({}), scale = menu(named(SCALES));
  const block = menu(Object.fromEntries([...Array(maps.blocks).keys()].map((b) => [b, b])));
  const smooth = make("input", { type: "checkbox" });
  const keep = make("input", { type: "range", min: 5, max: 100, step: 1 });
  const reset = make("button", { type: "button", textContent: say("처음으로", "reset") });
  const download = make("button", { type: "button", textContent: say("PNG 내려받기", "download") });
  const keepLabel = labelled("", keep);
  block.disabled = !model.send;
  const controls = make(
    "div", { className: "dino-controls" },
    labelled(say("맵", "map"), kind), labelled(say("헤드", "head"), head),
    labelled(say("블록", "block"), block), labelled(say("눈금", "scale"), scale),
    labelled(say("부드럽게", "smooth"), smooth), keepLabel, reset, download,
  );

  // Pictures: three canvases, each with a frame around the chosen patch
  const panels = named({ photo: ["사진", "photo"], map: ["맵", "map"], overlay: ["겹침 그림", "overlay"] });
  const canvases = {}, frames = [], images = {};
  const row = make("div", { className: "dino-row" });
  for (const [name, title] of Object.entries(panels)) {
    const canvas = make("canvas", { width: size[0], height: size[1], className: `dino-${name}` });
    canvas.setAttribute("aria-hidden", "true");
    const frame = make("div", { className: "dino-patch", hidden: true });
    const box = make("div", { className: "dino-picture" }, canvas, frame);
    box.style.setProperty("--ratio", size[0] / size[1]);
    row.append(make("figure", {}, make("figcaption", { textContent: title }), box));
    canvases[name] = canvas.getContext("2d", { willReadFrequently: true });
    images[name] = canvases[name].createImageData(...size);
    frames.push(frame);
    for (const [event, pin] of [["pointermove", false], ["click", true]]) {
      box.addEventListener(event, (e) => point(e, box, pin));
    }
  }
  canvases.photo.drawImage(picture, 0, 0);
  images.photo = canvases.photo.getImageData(0, 0, ...size);
  row.tabIndex = 0;
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", say("사진, 맵, 겹침 그림: 화살표 키로 패치를 고르고 Esc로 놓습니다.",
    "Photo, map, overlay: arrow keys choose a patch, Escape lets go."));

  // Words: the colour scale, what the chosen patch holds, what is going on
  const bar = make("canvas", { width: 256, height: 1, className: "dino-bar" });
  const [low, high] = [make("span"), make("span")];
  const legend = make("div", { className: "dino-legend" }, low, bar, high);
  const readout = make("div", { className: "dino-readout", role: "status", "aria-live": "polite" });
  const status = make("div", { className: "dino-status", role: "status", "aria-live": "polite" });
  const foot = make("div", { className: "dino-foot" });
  const root = make("div", { className: "dino-explorer" });
  root.append(controls, row, legend, readout, status, foot);
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab's own arrow keys stay out
  el.append(root);

  // --- showing ---

  const tooLarge = say("이 맵은 커서 이 파일에 없습니다.", "This map is too large for this file.");
  let current = null, pixels, kept, waiting;

  function busy(text) {
    clearTimeout(waiting);
    root.setAttribute("aria-busy", text ? "true" : "false");
    status.textContent = text ?? "";
    if (text) waiting = setTimeout(() => (status.textContent =
      say("커널이 답하지 않습니다. 셀을 다시 실행하세요.",
        "The kernel does not answer; run the cell again.")), PATIENCE);
  }

  function ask(question) {
    if (!model.send) return;
    busy(say("커널이 계산하고 있습니다 …", "The kernel is working …"));
    model.send(question);
  }

  /** Work out the chosen map; with it, or without one to show, draw. */
  function choose() {
    const needsPatch = state.kind === "query" || state.kind === "similarity";
    if (needsPatch && state.patch === null) {
      state.patch = Math.floor(maps.grid[0] / 2) * maps.grid[1] + Math.floor(maps.grid[1] / 2);
    }
    const found = maps.get(state.kind, state.head, state.patch);
    const missing = !found && !model.send ? tooLarge : "";
    if (found) {
      const own = extent(found.values);
      const range = { "min-max": own, shared: found.shared, raw: [0, own[1]] }[state.scale];
      current = { values: found.values, range };
      const resize = state.smooth ? smoothResize : flatResize;
      pixels = resize(normalise(found.values, range), maps.grid, size);
      kept = flatResize(keepMass(found.values, state.keep / 100), maps.grid, size);
      draw();
    } else {
      if (!missing) ask({ ask: state.kind, patch: state.patch });
    }
    if (missing || status.textContent === tooLarge) status.textContent = missing;
    showWords();
  }

  function draw() {
    const table = tables[model.get("cmap")];
    const { photo, map, overlay } = images;
    paint(photo.data, pixels, kept, table, model.get("alpha"), map.data, overlay.data);
    canvases.map.putImageData(map, 0, 0);
    canvases.overlay.putImageData(overlay, 0, 0);
    const strip = bar.getContext("2d"), line = strip.createImageData(256, 1);
    for (let i = 0; i < 256; i++) line.data.set([...table.subarray(3 * i, 3 * i + 3), 255], 4 * i);
    strip.putImageData(line, 0, 0);
  }

  function showWords() {
    const [rows, columns] = maps.grid, at = state.patch;
    const [y, x] = at === null ? [] : [Math.floor(at / columns), at % columns];
    for (const frame of frames) {
      frame.hidden = at === null;
      frame.classList.toggle("pinned", state.pinned);
      Object.assign(frame.style, {
        left: `${(100 * x) / columns}%`, top: `${(100 * y) / rows}%`,
        width: `${100 / columns}%`, height: `${100 / rows}%`,
      });
    }
    if (current) [low.textContent, high.textContent] = current.range.map((v) => v.toPrecision(4));
    const name = ["norm", "similarity"].includes(state.kind)
      ? "" : ` · ${say("헤드", "head")} ${state.head ? state.head - 1 : say("평균", "mean")}`;
    readout.textContent = at === null
      ? say("사진 위에서 움직이거나 화살표 키를 쓰세요.", "Move over a picture, or use the arrow keys.")
      : `${say("패치", "patch")}: ${say("행", "row")} ${y}, ${say("열", "column")} ${x}` +
        ` · ${kinds[state.kind]}: ${current ? current.values[at].toPrecision(4) : "…"}${name}` +
        ` · ${say("블록", "block")} ${maps.block}` +
        (state.pinned ? ` · ${say("고정", "pinned")} (Esc)` : "");
    const left = maps.left_out ? ` ${maps.left_out}` : "";
    foot.textContent = `${say("가중치", "weights")}: ${model.get("weights")}${left}`;
  }

  /** Make the controls say what the state is. */
  function showControls() {
    const count = maps.rows(state.kind);
    state.head = Math.min(state.head, count - 1);
    const names = [...Array(count).keys()].map((i) => [i, i ? String(i - 1) : say("평균", "mean")]);
    head.replaceChildren(...names.map(([value, text]) => new Option(text, value)));
    head.disabled = count === 1;
    [kind.value, head.value, scale.value] = [state.kind, state.head, state.scale];
    [smooth.checked, keep.value, block.value] = [state.smooth, state.keep, maps.block];
    keepLabel.firstChild.textContent = `${say("큰 값부터", "keep")} ${state.keep} %`;
    choose();
  }

  // --- being used ---

  function set(changes) {
    Object.assign(state, changes);
    showControls();
  }

  function point(event, box, pin) {
    const area = box.getBoundingClientRect(), [rows, columns] = maps.grid;
    const x = Math.floor(((event.clientX - area.left) / area.width) * columns);
    const y = Math.floor(((event.clientY - area.top) / area.height) * rows);
    if (x < 0 || y < 0 || x >= columns || y >= rows) return;
    const patch = y * columns + x;
    if (pin) set({ patch, pinned: !(state.pinned && state.patch === patch) });
    else if (!state.pinned && state.patch !== patch) {
      if (state.kind in maps.tables || ["norm", "cls"].includes(state.kind)) set({ patch });
    } // a map that the kernel must compute waits for a click
  }

  row.addEventListener("keydown", (event) => {
    const [rows, columns] = maps.grid, { key } = event;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
    if (key === "Escape") set({ pinned: false });
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const at = state.patch ?? -1; // the first arrow key starts at the first patch
    const y = Math.min(rows - 1, Math.max(0, Math.floor(at / columns) + step[0]));
    const x = Math.min(columns - 1, Math.max(0, (at % columns) + step[1]));
    set({ patch: at < 0 ? 0 : y * columns + x, pinned: true });
  });
  kind.addEventListener("change", () => set({ kind: kind.value }));
  head.addEventListener("change", () => set({ head: Number(head.value) }));
  scale.addEventListener("change", () => set({ scale: scale.value }));
  smooth.addEventListener("change", () => set({ smooth: smooth.checked }));
  keep.addEventListener("input", () => set({ keep: Number(keep.value) }));
  block.addEventListener("change", () => ask({ ask: "block", block: Number(block.value) }));
  reset.addEventListener("click", () => {
    model.set("alpha", 0.5);
    model.set("cmap", 0);
    model.save_changes();
    set({ ...START, patch: null, pinned: false });
    if (maps.block !== first) ask({ ask: "block", block: first });
  });
  download.addEventListener("click", () => canvases.overlay.canvas.toBlob((blob) => {
    const link = make("a", { href: URL.createObjectURL(blob), download: "explorer.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }));

  const redraw = () => pixels && draw();
  const renew = () => {
    maps = new Maps(model.get("data"));
    busy(null);
    showControls();
  };
  const answer = (message, buffers) => {
    busy(null);
    if (message.error) {
      status.textContent = message.error;
      block.value = maps.block;
    } else if (message.block === maps.block) {
      maps.asked[`${message.ask} ${message.patch}`] = floats(buffers[0]);
      choose();
    }
  };
  const listeners = [
    ["change:alpha", redraw], ["change:cmap", redraw], ["change:data", renew], ["msg:custom", answer],
  ];
  listeners.forEach(([event, listener]) => model.on(event, listener));
  showControls();
  for (const id of model.get("hushed") ?? []) hush(model.widget_manager, id);
  setTimeout(() => { // once we are on the page: arrow keys and a name for the slider beside us
    const output = el.closest(".jp-OutputArea-output");
    if (!output) return;
    output.dataset.lmSuppressShortcuts = "true";
    const name = output.querySelector(".widget-slider .widget-label")?.textContent;
    if (name) output.querySelector(".noUi-handle")?.setAttribute("aria-label", name);
  });
  return () => listeners.forEach(([event, listener]) => model.off(event, listener));
}

/** The explorer in a page of its own (save_html): alpha and colormap need controls, too. */
export function renderPage(el, traits) {
  const listeners = {};
  const model = {
    get: (name) => traits[name],
    set: (name, value) => {
      traits[name] = value;
      (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
    },
    on: (event, listener) => (listeners[event] ??= []).push(listener),
    off: () => {},
    save_changes: () => {},
  };
  const say = speaker(model);
  const alpha = make("input", { type: "range", min: 0, max: 1, step: 0.01 });
  const cmap = menu({ ...Object.keys(traits.tables) });
  const follow = () => ([alpha.value, cmap.value] = [traits.alpha, traits.cmap]);
  follow();
  model.on("change:alpha", follow);
  model.on("change:cmap", follow);
  alpha.addEventListener("input", () => model.set("alpha", Number(alpha.value)));
  cmap.addEventListener("change", () => model.set("cmap", Number(cmap.value)));
  const controls = [
    labelled(say("투명도", "alpha"), alpha), labelled(say("컬러맵", "colormap"), cmap),
  ];
  el.append(make("div", { className: "dino-controls" }, ...controls));
  return render({ model, el });
}

export default { render };
