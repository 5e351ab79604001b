// The page: puts engine, camera, photos, stage and controls together.

import { startEngine } from "../engine/client.js";
import { drawBeside } from "./beside.js";
import { makeCamera } from "./camera.js";
import { makeControls } from "./controls.js";
import { byId, translate } from "./elements.js";
import { asksPatch, describe, mapOf } from "./map_of.js";
import { colourTable, drawLegend, mapPainter } from "./paint.js";
import { readPhoto, watchForPhotos } from "./photo.js";
import { makeStage } from "./stage.js";
import { fitOwn } from "./taker.js";
import { correlation, makeWhatIf, pointingAt } from "./what_if.js";
import { language, say, setLanguage, WORDS } from "./words.js";

const facts = JSON.parse(byId("facts").textContent); // what live.py knows: network, colours, words about it
Object.assign(WORDS, facts.words);
const state = { kind: "cls", block: 0, head: null, place: null, colours: facts.colours[0][0] };
const live = globalThis.live = { frames: 0, arithmetic: null, ready: null, map: null }; // for tests and measurements
let engine, stage, whatIf, result = null, other = null, mask = null, busy = false, waiting = null, stamps = [];

let trouble = null;

/** Show what went wrong (a word or a pair), or null: all is well. */
function problem(word) {
  trouble = word;
  byId("problem").hidden = !word;
  byId("problem").textContent = word ? say(word) : "";
  showCamera();
}

function showWords() {
  document.documentElement.lang = language();
  document.title = say("title");
  problem(trouble);
  translate();
  byId("language").textContent = say("otherLanguage");
  byId("language").lang = language() === "ko" ? "en" : "ko";
  byId("picture").setAttribute("aria-label", say("pictureName"));
  byId("wait").textContent = live.arithmetic ? "" : say("preparing");
  for (const example of document.querySelectorAll(".example")) {
    example.setAttribute("aria-label", facts.photos[example.dataset.photo][language()]);
  }
  if (!engine) return;
  whatIf.show();
  showCamera();
  draw();
}

// --- pictures through the network -------------------------------------------------------------------

function wish() {
  const [rows, columns] = stage.grid;
  return { ...state, place: state.place ?? Math.floor(rows / 2) * columns + Math.floor(columns / 2) };
}

/** What to ask the engine for: of a moving picture one block, of a still one all. */
function question() {
  const { kind, block } = wish(), all = kind === "rollout" || !camera.on || frozen;
  return {
    blocks: all ? null : [block], whatIf: whatIf.now, compare: whatIf.active(),
    from: kind === "rollout" && whatIf.now.cls ? 0 : null,
  };
}

/** Ask for a new picture ({image, fit}) or ({}) for the last one again; the newest wish wins. */
async function look(picture) {
  if (busy) {
    waiting = picture.image ? picture : waiting ?? picture;
    return;
  }
  busy = true;
  try {
    const asked = question(), answer = await engine.ask({ ...picture, ...asked });
    if (result) engine.giveBack(result);
    result = answer;
    const beside = whatIf.now.untrained && await engine.ask({ ...asked, untrained: true, compare: false });
    if (other) engine.giveBack(other);
    other = beside || null;
    draw();
    live.frames++;
    live.ready ??= performance.now();
  } catch (error) {
    console.error(error);
    problem(error.words ?? { ko: error.message, en: error.message });
  }
  busy = false;
  if (waiting) {
    const next = waiting;
    waiting = null;
    look(next);
  } else if (camera.on && !frozen && fresh) frame();
}

function draw() {
  if (!result) return;
  const wished = wish();
  const missing = wished.kind === "rollout" ? whatIf.now.cls && !result.rollout : !result.blocks[wished.block];
  if (missing) return void look({});
  stage.drawBase(whatIf.wanted);
  const { map, word } = mapOf(result, wished, engine.sizes), colours = colourTables.get(state.colours);
  byId("overlay").hidden = !map;
  if (map) mapPainter(byId("overlay"), result.grid)(map, colours);
  const others = other && mapOf(other, wished, engine.sizes).map;
  drawBeside(others, other?.grid, colours);
  whatIf.result({
    cosine: result.cosine, alike: map && others && correlation(map, others),
    pointing: map && !asksPatch(state.kind) && pointingAt(map, mask, whatIf.now),
  });
  byId("readout").textContent = word ? say(word) : describe(wished, result.grid);
  byId("engine").textContent = [engine.arithmetic, Math.round(result.milliseconds.network)].reduce(
    (text, value) => text.replace("#", value), say("engine"));
  live.map = map;
}

// --- camera and photos ------------------------------------------------------------------------------

let fresh = false, taking = false, frozen = false;

/** The camera has a picture: it is taken now if the network is idle, else as soon as it is. */
async function frame() {
  fresh = true;
  if (frozen || busy || taking || !engine) return;
  taking = true;
  const { videoWidth, videoHeight } = byId("video"), still = await camera.still();
  taking = fresh = false;
  if (!videoWidth || !camera.on || frozen) return; // or no longer
  const image = stage.take(still, [videoWidth, videoHeight], { mirrored: camera.mirrored, read: true });
  mask = null;
  look({ image, fit: "ready" });
  stamps = [...stamps.slice(-19), performance.now()];
  const rate = (1000 * (stamps.length - 1)) / (stamps.at(-1) - stamps[0]);
  byId("rate").textContent = rate ? say("rate").replace("#", rate.toFixed(1)) : "";
}

const camera = makeCamera(byId("video"), frame, problem);

function showCamera() {
  byId("camera").lastElementChild.textContent = say(camera.on ? "cameraOff" : "camera");
  byId("freeze").hidden = !camera.on;
  byId("flip").hidden = !camera.on || camera.count < 2;
  byId("freeze").setAttribute("aria-pressed", String(frozen));
  if (!camera.on || frozen) byId("rate").textContent = "";
}

async function switchCamera(begin) {
  problem(null);
  [frozen, stamps] = [false, []];
  if (begin) await begin();
  else camera.stop();
  showCamera();
  if (!camera.on) look({});
}

byId("camera").onclick = () => switchCamera(camera.on ? null : camera.start);
byId("flip").onclick = () => switchCamera(camera.flip);
byId("freeze").onclick = () => {
  frozen = !frozen;
  stamps = [];
  showCamera();
  if (frozen) look({});
};

async function showPhoto(source) {
  try {
    const { image, bitmap } = await readPhoto(source);
    camera.stop();
    const size = [bitmap.width, bitmap.height], fit = fitOwn(size);
    problem(fit === "crop" ? "long" : null);
    stage.take(bitmap, size, { fit });
    bitmap.close();
    mask = source.dataset?.mask && Uint8Array.from(source.dataset.mask, Number);
    look({ image, fit });
  } catch (error) {
    console.warn(error);
    problem("notPhoto");
  }
}

watchForPhotos(document, byId("file"), showPhoto);
for (const example of document.querySelectorAll(".example")) {
  example.onclick = () => showPhoto(example.querySelector("img"));
}

// --- controls ---------------------------------------------------------------------------------------

const colourTables = new Map(facts.colours.map(([name, table]) => [name, colourTable(table)]));
byId("colours").append(...facts.colours.map(([name]) => new Option(name, name)));
byId("colours").onchange = (event) => {
  state.colours = event.target.value;
  drawLegend(byId("legend"), colourTables.get(state.colours));
  draw();
};
byId("alpha").oninput = () => {
  for (const id of ["overlay", "beside-overlay"]) byId(id).style.opacity = byId("alpha").value;
};
byId("language").onclick = () => {
  setLanguage(language() === "ko" ? "en" : "ko");
  showWords();
};
byId("theme").onclick = () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
};
byId("save").onclick = () => {
  if (!result) return;
  const line = `${say("networkName")} · ${describe(wish(), result.grid)}`;
  stage.save(byId("overlay"), Number(byId("alpha").value), line, "dino.png");
};

async function start() {
  document.documentElement.lang = language();
  showWords();
  drawLegend(byId("legend"), colourTables.get(state.colours));
  byId("alpha").oninput();
  engine = await startEngine(byId("worker").textContent, {
    ...facts.files, weights: byId("weights").textContent, config: facts.config });
  for (const id of ["weights", "worker"]) byId(id).remove(); // 7 MB of text
  const { sizes, input } = engine;
  const showKind = makeControls(sizes, state, draw);
  whatIf = makeWhatIf(sizes, () => stage.grid[0] * stage.grid[1], () => {
    if (!camera.on || frozen) look({});
    byId("picture").dataset.tool = whatIf.tool;
    draw();
  });
  byId("what-if").append(whatIf.root);
  stage = makeStage(input, sizes.patch, {
    used: (place, give) => (whatIf.tool === "choose" ? null : whatIf.touch(place, give)),
    pointed(place) {
      if (whatIf.tool !== "choose") return; // hiding patches leaves the chosen one as it is
      state.place = place;
      if (place !== null && !asksPatch(state.kind)) showKind(state.kind = "similarity");
      draw();
    },
    regridded() {
      if (result) engine.giveBack(result);
      result = null; // of another grid: nothing to draw
      whatIf.forgetPlaces();
    },
  });
  byId("wait").hidden = true;
  live.arithmetic = engine.arithmetic;
  showWords();
  await showPhoto(document.querySelector(".example img"));
}

start().catch((error) => {
  console.error(error);
  byId("wait").textContent = error.words?.[language()] ?? error.message;
});
