// The explorer: a photo, a map, and the map laid over the photo, with what chooses them.
//
// Jupyter loads this module as a widget (anywidget), page.js loads it in a page without a kernel.
// What it imports stands as text in the model, for there is no place on the net to fetch it from:
// pixels.js, the arithmetic, and view.js, what the page is made of. Here is how it behaves.

const START = { head: 0, scale: "min-max", smooth: true, keep: 100, wipe: 0, patch: null, pinned: false };
const ALPHA = 0.5;
const PATIENCE = 60000; // ms to wait for the kernel
const PACE = 600; // ms a block stays while blocks are played

async function load(text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Draw the explorer into an element; the model holds what Python sent. */
async function render({ model, el }) {
  const modules = model.get("modules");
  const [pixels, view] = await Promise.all([load(modules.pixels), load(modules.view)]);
  const say = view.speaker(model.get("language")), kinds = model.get("kinds");
  const picture = (name) => createImageBitmap(new Blob([pixels.bytes(model.get(name))]));
  const tables = Object.fromEntries(
    Object.entries(model.get("tables")).map(([name, table]) => [name, pixels.bytes(table)]),
  );
  const photo = await picture("photo");
  let maps = new pixels.Maps(model.get("data"));
  const first = { kind: model.get("start"), block: maps.block, cmap: Object.keys(tables)[0] };
  const state = { ...START, kind: first.kind };

  const controls = view.controls(say, kinds, Object.keys(tables), maps.blocks);
  const pictures = view.pictures(say, photo), words = view.words(say);
  const root = view.make("div", { className: "dino-explorer" }, ...controls.above, pictures.row,
    words.legend, words.readout, ...controls.below, words.status, words.foot);
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab's own arrow keys stay out, in both ways
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(root);

  // --- the kernel ---

  let waiting, pace, playing = false;

  function busy(text) {
    clearTimeout(waiting);
    root.setAttribute("aria-busy", text ? "true" : "false");
    words.status.textContent = text;
    if (text) waiting = setTimeout(() => (words.status.textContent =
      say("커널이 답하지 않습니다. 셀을 다시 실행하세요.",
        "The kernel does not answer; run the cell again.")), PATIENCE);
  }

  function ask(question) {
    busy(say("커널이 계산하고 있습니다 …", "The kernel is working …"));
    model.send(question);
  }

  function askBlock(block) {
    if (block !== maps.block) ask({ ask: "block", block });
  }

  function play(on) {
    clearTimeout(pace);
    playing = on;
    controls.play.textContent = on ? say("■ 멈춤", "stop") : say("▶ 블록 재생", "play blocks");
    if (on) askBlock(maps.block === maps.blocks - 1 ? 0 : maps.block + 1);
  }

  // --- showing ---

  let current = null; // the chosen map: its values, the range that its colours span, its pixels

  function layers(size) {
    const { values, range } = current;
    const resize = state.smooth ? pixels.smoothResize : pixels.flatResize;
    const kept = pixels.keepMass(values, state.keep / 100);
    return [
      resize(pixels.normalise(values, range), maps.grid, size),
      pixels.flatResize(kept, maps.grid, size),
    ];
  }

  /** Work out the chosen map, and draw; ask for it if it is not here. */
  function choose() {
    if (maps.ofPatch(state.kind)) {
      state.patch ??= Math.floor(maps.grid[0] / 2) * maps.grid[1] + Math.floor(maps.grid[1] / 2);
    }
    const found = maps.get(state.kind, state.head, state.patch);
    current = null;
    if (found) {
      const own = pixels.extent(found.values);
      const range = { "min-max": own, shared: found.shared, raw: [0, own[1]] }[state.scale];
      current = { values: found.values, range };
      current.layers = layers(pictures.size);
      if (!model.send) words.status.textContent = "";
      draw();
    } else if (model.send) ask({ ask: state.kind, patch: state.patch });
    else words.status.textContent = say("이 맵은 커서 이 파일에 없습니다.", "This map is too large for this file.");
    showControls();
    showWords();
  }

  function draw() {
    if (!current) return;
    const table = tables[model.get("cmap")], { canvases, images } = pictures;
    pixels.paint(
      images.photo.data, ...current.layers, table, model.get("alpha"), images.map.data, images.overlay.data,
    );
    canvases.map.putImageData(images.map, 0, 0);
    canvases.overlay.putImageData(images.overlay, 0, 0);
    words.draw(table);
  }

  /** Which map is shown: its kind, block and head. */
  function title() {
    const head = maps.rows(state.kind) > 1 || state.kind === "query"
      ? ` · ${say("헤드", "head")} ${state.head ? state.head - 1 : say("평균", "mean")}` : "";
    return `${say(...kinds[state.kind])} · ${say("블록", "block")} ${maps.block}${head}`;
  }

  function showWords() {
    pictures.point(state.patch, maps.grid, state.pinned);
    pictures.before.style.clipPath = `inset(0 ${100 - state.wipe}% 0 0)`;
    pictures.captions.map.textContent = title();
    words.range(current?.range);
    words.at(state, maps.grid, say(...kinds[state.kind]), current?.values);
    words.made(model.get("weights"), maps.left_out);
  }

  /** Make the controls say what the state is, and why some of them can't be used. */
  function showControls() {
    const count = maps.rows(state.kind);
    state.head = Math.min(state.head, count - 1);
    controls.offer(count, state.kind === "query", Boolean(model.send));
    for (const name of ["kind", "head", "scale", "keep", "wipe"]) controls[name].value = state[name];
    [controls.smooth.checked, controls.block.value] = [state.smooth, maps.block];
    controls.sayKeep();
  }

  // --- being used ---

  function set(changes) {
    Object.assign(state, changes);
    choose();
  }

  function point(event, box, pin) {
    const area = box.getBoundingClientRect(), [rows, columns] = maps.grid;
    const x = Math.floor(((event.clientX - area.left) / area.width) * columns);
    const y = Math.floor(((event.clientY - area.top) / area.height) * rows);
    if (x < 0 || y < 0 || x >= columns || y >= rows) return;
    const patch = y * columns + x;
    if (pin) set({ patch, pinned: !(state.pinned && state.patch === patch) });
    else if (!state.pinned && state.patch !== patch && maps.get(state.kind, 0, patch)) set({ patch });
  } // a map that the kernel must compute waits for a click

  function step(event) {
    const [rows, columns] = maps.grid, { key } = event;
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
    if (key === "Escape") set({ pinned: false });
    if (!by) return;
    event.preventDefault();
    const at = state.patch ?? -1; // the first arrow key starts at the first patch
    const y = Math.min(rows - 1, Math.max(0, Math.floor(at / columns) + by[0]));
    const x = Math.min(columns - 1, Math.max(0, (at % columns) + by[1]));
    set({ patch: at < 0 ? 0 : y * columns + x, pinned: true });
  }

  function reset() {
    play(false);
    model.set("alpha", ALPHA);
    model.set("cmap", first.cmap);
    model.save_changes();
    set({ ...START, kind: first.kind });
    if (model.send) askBlock(first.block);
  }

  async function save() {
    const large = pixels.bytes(model.get("full")).length ? await picture("full") : photo;
    const { images } = view.pictures(say, large), size = [large.width, large.height];
    pixels.paint(images.photo.data, ...layers(size), tables[model.get("cmap")], model.get("alpha"),
      images.map.data, images.overlay.data);
    const parts = [...title().split(" · "), ...(maps.ofPatch(state.kind) ? [words.patch(state, maps.grid)] : []),
      `alpha ${model.get("alpha")}`, ...model.get("weights").split(" · ")];
    await view.save(images.overlay, parts, `explorer-${state.kind}-block${maps.block}.png`);
  }

  for (const [name, event, type] of [
    ["head", "change", Number], ["scale", "change", String], ["keep", "input", Number], ["wipe", "input", Number],
  ]) controls[name].addEventListener(event, (e) => set({ [name]: type(e.target.value) }));
  controls.kind.root.addEventListener("change", () => set({ kind: controls.kind.value }));
  controls.smooth.addEventListener("change", () => set({ smooth: controls.smooth.checked }));
  controls.block.addEventListener("change", () => askBlock(Number(controls.block.value)));
  controls.play.addEventListener("click", () => play(!playing));
  controls.reset.addEventListener("click", reset);
  controls.save.addEventListener("click", () => current && save());
  controls.alpha.addEventListener("input", () => model.set("alpha", Number(controls.alpha.value)));
  controls.cmap.addEventListener("input", () => model.set("cmap", controls.cmap.value));
  for (const own of [controls.alpha, controls.cmap]) { // Python hears of it when the reader lets go
    own.addEventListener("change", () => model.save_changes());
  }
  pictures.row.addEventListener("keydown", step);
  for (const box of pictures.boxes) {
    box.addEventListener("pointermove", (event) => point(event, box, false));
    box.addEventListener("click", (event) => point(event, box, true));
  }

  const follow = () => {
    for (const name of ["alpha", "cmap"]) controls[name].value = model.get(name);
    draw();
  };
  const listeners = {
    "change:alpha": follow,
    "change:cmap": follow,
    "change:data": () => {
      maps = new pixels.Maps(model.get("data"));
      busy("");
      choose();
      if (playing) pace = setTimeout(() => play(maps.block < maps.blocks - 1), PACE);
    },
    "msg:custom": (message, buffers) => {
      busy("");
      if (message.error) {
        play(false);
        words.status.textContent = say(...message.error);
        showControls();
      } else if (message.block === maps.block) {
        maps.asked[`${message.ask} ${message.patch}`] = pixels.floats(buffers[0]);
        choose();
      }
    },
  };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  choose();
  follow();
  return () => {
    play(false);
    clearTimeout(waiting);
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

export default { render };
