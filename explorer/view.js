// What the explorer's page is made of: its controls, its pictures and its words, not yet in use.

import { make } from "./live/make.js";

const SCALES = {
  "min-max": ["최소-최대", "min-max"],
  shared: ["공통 눈금", "shared scale"],
  raw: ["원값, 0부터", "raw, from 0"],
};

/** Of a pair the text to show: the Korean words, the English ones, or both. As bilingual.say. */
export function speaker(language) {
  const say = (ko, en) => ({ ko, en })[language] ?? `${ko} ${en}`;
  /** What `text` makes of a speaker, a span a language: a line breaks between them, if it must. */
  say.each = (text) => (language === "both" ? ["ko", "en"] : [language]).flatMap(
    (own) => [" ", make("span", { textContent: text(speaker(own)) })]);
  return say;
}

/** A place for the bench, not yet filled. */
export const benchPlace = (say) => make("details", { className: "dino-bench" },
  make("summary", { textContent: say("만약에? 망가뜨려 보기", "What if? Break it") }));

const labelled = (text, control) => make("label", {}, make("span", { textContent: text }), control);

/** A menu of [value, text] pairs. */
const menu = (items) => make("select", {}, ...items.map(([value, text]) => new Option(text, value)));

const range = (min, max, step) => make("input", { type: "range", min, max, step });

const button = (text) => make("button", { type: "button", textContent: text });

/** Buttons of which one is down; `value` reads and sets which. */
function choice(label, items) {
  const name = `dino-${Math.random()}`; // radio buttons of one name belong together
  const radios = items.map(([value]) => make("input", { type: "radio", name, value }));
  const labels = items.map(([, text], i) => make("label", {}, radios[i], make("span", { textContent: text })));
  const root = make("fieldset", { className: "dino-choice" }, make("legend", { textContent: label }), ...labels);
  return {
    root,
    get value() { return radios.find((r) => r.checked)?.value; },
    set value(value) { radios.forEach((r) => (r.checked = r.value === value)); },
  };
}

/** Every control by its name; and all of them in order, those above and below the pictures. */
export function explorerControls(say, kinds, cmaps, blocks) {
  const all = {
    kind: choice(say("맵", "map"), Object.entries(kinds).map(([name, pair]) => [name, say(...pair)])),
    alpha: range(0, 1, 0.01),
    cmap: menu(cmaps.map((name) => [name, name])),
    wipe: range(0, 100, 1),
    block: menu([...Array(blocks).keys()].map((b) => [b, b])),
    play: button(say("▶ 블록 재생", "play blocks")),
    head: menu([]),
    scale: menu(Object.entries(SCALES).map(([name, pair]) => [name, say(...pair)])),
    smooth: make("input", { type: "checkbox" }),
    keep: range(5, 100, 1),
    photo: make("input", { type: "file", accept: "image/*", className: "dino-file" }),
    camera: button(say("카메라", "camera")),
    reset: button(say("처음으로", "reset")),
    save: button(say("그림 저장", "save picture")),
    why: make("p", { className: "dino-why", id: `dino-${Math.random()}` }),
  };
  const keepLabel = labelled("", all.keep);
  all.sayKeep = () => (keepLabel.firstChild.textContent = `${say("큰 값부터", "keep")} ${all.keep.value} %`);
  for (const own of [all.head, all.block, all.play]) own.setAttribute("aria-describedby", all.why.id);
  all.photoLabel = make("label", { className: "dino-button" }, all.photo, make("span", {
    textContent: say("내 사진", "my photo"), title: say("끌어 놓거나 붙여 넣어도 됩니다.", "Or drop or paste one.") }));
  const row = (...items) => make("div", { className: "dino-controls" }, ...items);
  all.above = [
    row(all.kind.root),
    row(labelled(say("불투명도", "opacity alpha"), all.alpha), labelled(say("컬러맵", "colormap"), all.cmap)),
  ];
  all.below = [
    row(labelled(say("블록", "block"), all.block), all.play, labelled(say("헤드", "head"), all.head),
      labelled(say("눈금", "scale"), all.scale), labelled(say("부드럽게", "smooth"), all.smooth), keepLabel,
      labelled(say("사진과 비교", "compare with photo"), all.wipe), all.photoLabel, all.camera, all.reset, all.save),
    all.why,
  ];

  /** Offer so many heads, and other blocks if they can be had; say why not. */
  all.offer = (heads, ofPatch, others) => {
    all.head.replaceChildren(...[...Array(heads).keys()].map((i) => new Option(i ? i - 1 : say("평균", "mean"), i)));
    all.head.disabled = heads === 1;
    all.block.disabled = all.play.disabled = !others;
    const noHeads = ofPatch
      ? say("헤드: 헤드마다의 맵은 커서 보내지 않았습니다.", "head: maps of single heads were too large to send.")
      : say("헤드: 토큰으로 만든 맵에는 헤드가 없습니다.", "head: a map made of tokens has no heads.");
    const noBlocks = say("블록: 다른 블록은 노트북에서 볼 수 있습니다.", "block: others can be seen in the notebook.");
    all.why.textContent = [heads === 1 ? noHeads : "", others ? "" : noBlocks].join(" ");
  };
  return all;
}

/** Photo, map, overlay and the untrained network's overlay, each a canvas with a frame around the
 * chosen patch; show() puts a photo in. */
export function explorerPictures(say, untrained) {
  const titles = { photo: ["사진", "photo"], map: ["", ""], overlay: ["겹침 그림", "overlay"], beside: untrained };
  const row = make("div", {
    className: "dino-row", tabIndex: 0, role: "group",
    "aria-label": say("사진, 맵, 겹침 그림: 화살표 키로 패치를 고르고 Esc로 놓습니다.",
      "Photo, map, overlay: arrow keys choose a patch, Escape lets go."),
  });
  const all = { row, canvases: {}, images: {}, captions: {}, boxes: [], frames: [] };
  const canvas = (name) => make("canvas", { className: `dino-${name}`, "aria-hidden": "true" });
  for (const [name, title] of Object.entries(titles)) {
    const frame = make("div", { className: "dino-patch", hidden: true });
    const picture = canvas(name), box = make("div", { className: "dino-picture" }, picture);
    all.canvases[name] = picture.getContext("2d", { willReadFrequently: true });
    all.captions[name] = make("figcaption", {}, ...say.each((own) => own(...title)));
    if (name === "overlay") { // the photo again, above the overlay, as far as the reader wipes
      all.before = canvas("before");
      box.append(all.before);
    }
    box.append(frame);
    row.append(make("figure", { hidden: name === "beside" }, all.captions[name], box));
    all.boxes.push(box);
    all.frames.push(frame);
  }
  all.beside = row.lastChild;

  /** Take a photo (bitmap or canvas); `change` may draw on it. */
  all.show = (photo, change) => {
    const { width, height } = photo, old = all.size;
    all.size = [width, height];
    if (String(old) !== String(all.size)) {
      for (const { canvas: own } of [...Object.values(all.canvases), all.before.getContext("2d")]) {
        Object.assign(own, { width, height });
      }
      for (const [name, pen] of Object.entries(all.canvases)) all.images[name] = pen.createImageData(width, height);
      row.style.setProperty("--ratio", width / height);
    }
    all.canvases.photo.drawImage(photo, 0, 0);
    change?.(all.canvases.photo);
    all.before.getContext("2d").drawImage(all.canvases.photo.canvas, 0, 0);
    all.images.photo = all.canvases.photo.getImageData(0, 0, width, height);
  };

  /** Frame a patch, or none. */
  all.point = (patch, [rows, columns], pinned) => {
    for (const frame of all.frames) {
      frame.hidden = patch === null;
      frame.classList.toggle("pinned", pinned);
      Object.assign(frame.style, {
        left: `${(100 * (patch % columns)) / columns}%`, top: `${(100 * Math.floor(patch / columns)) / rows}%`,
        width: `${100 / columns}%`, height: `${100 / rows}%`,
      });
    }
  };
  return all;
}

/** The colour scale, what the chosen patch holds, what is going on, and which weights. */
export function explorerWords(say) {
  const bar = make("canvas", { width: 256, height: 1, className: "dino-bar", "aria-hidden": "true" });
  const [low, high] = [make("span"), make("span")];
  const spoken = (className) => make("div", { className, role: "status", "aria-live": "polite" });
  const [readout, status] = [spoken("dino-readout"), spoken("dino-status")];
  const foot = make("div", { className: "dino-foot" });
  const pinned = matchMedia("(hover: none)").matches
    ? say("고정, 다시 눌러 풀기", "pinned, tap it again to let go") : `${say("고정", "pinned")} (Esc)`;
  const digits = (value) => (Number.isFinite(value) ? value.toPrecision(4) : "…"); // of no map: none
  const patch = (state, [, columns]) => `${say("패치", "patch")}: ` +
    `${say("행", "row")} ${Math.floor(state.patch / columns)}, ${say("열", "column")} ${state.patch % columns}`;
  return {
    patch,
    legend: make("div", { className: "dino-legend" }, low, bar, high),
    readout, status, foot,
    draw(table) {
      const strip = bar.getContext("2d"), line = strip.createImageData(256, 1);
      for (let i = 0; i < 256; i++) line.data.set([...table.subarray(3 * i, 3 * i + 3), 255], 4 * i);
      strip.putImageData(line, 0, 0);
    },
    range(ends) {
      [low.textContent, high.textContent] = [digits(ends?.[0]), digits(ends?.[1])];
    },
    at(state, grid, kind, values) {
      readout.textContent = state.patch === null
        ? say("사진 위에서 움직이거나 화살표 키를 쓰세요.", "Move over a picture, or use the arrow keys.")
        : `${patch(state, grid)} · ${kind}: ${digits(values?.[state.patch])}${state.pinned ? ` · ${pinned}` : ""}`;
    },
    made(weights, leftOut, cropped) {
      const long = say("긴 변이 짧은 변의 3.5배를 넘는 사진이라 가운데만 썼습니다", "only the centre is used of a photo more than 3.5 times as long as it is wide");
      foot.textContent = `${say("가중치", "weights")}: ${weights}${cropped ? ` · ${long}` : ""}` + (leftOut.length
        ? ` · ${say("패치마다 보내지 않은 것", "not sent for each patch")}: ${say(...leftOut)}` : "");
    },
  };
}

/** Words in as few lines as fit into a width. */
function wrap(pen, parts, width) {
  const lines = [parts[0]];
  for (const part of parts.slice(1)) {
    const longer = `${lines.at(-1)} · ${part}`;
    if (pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/** Hand a picture to the reader as a PNG, with words below that say what it is. */
export async function savePicture(picture, parts, name) {
  const { width, height } = picture, margin = Math.round(width / 60);
  const size = Math.max(12, Math.round(width / 50));
  const pen = make("canvas").getContext("2d"), font = `${size}px system-ui, sans-serif`;
  pen.font = font;
  const lines = wrap(pen, parts, width - 2 * margin);
  Object.assign(pen.canvas, { width, height: height + Math.round((1.4 * lines.length + 0.6) * size) });
  pen.fillStyle = "white";
  pen.fillRect(0, 0, width, pen.canvas.height);
  pen.putImageData(picture, 0, 0);
  [pen.font, pen.fillStyle] = [font, "black"]; // forgotten when the canvas got its size
  lines.forEach((line, i) => pen.fillText(line, margin, height + 1.4 * (i + 1) * size, width - 2 * margin));
  const blob = await new Promise((done) => pen.canvas.toBlob(done));
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
