// The page: puts engine, camera, photos, stage and controls together.

import { startEngine } from "../engine/client.js";
import { makeCamera } from "./camera.js";
import { byId, choices, make, translate } from "./elements.js";
import { asksPatch, describe, KINDS, mapOf } from "./map_of.js";
import { colourTable, drawLegend, mapPainter } from "./paint.js";
import { readPhoto, watchForPhotos } from "./photo.js";
import { makeStage } from "./stage.js";
import { makeWhatIf } from "./what_if.js";
import { language, say, setLanguage, WORDS } from "./words.js";

const facts = JSON.parse(byId("facts").textContent); // what live.py knows: network, colours, words about it
Object.assign(WORDS, facts.words);
const state = { kind: "cls", block: 0, head: null, place: null, colours: facts.colours[0][0] };
const live = globalThis.live = { frames: 0, arithmetic: null, ready: null, map: null }; // for tests and measurements
let engine, stage, whatIf, paint, result = null, busy = false, waiting = null, stamps = [];

// --- words ------------------------------------------------------------------------------------------

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

const wish = () => ({ ...state, place: state.place ?? Math.floor(stage.count / 2 + engine.grid[1] / 2) });

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
    const answer = await engine.ask({ ...picture, ...question() });
    if (result) engine.giveBack(result);
    result = answer;
    whatIf.result(result.cosine);
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
  stage.drawBase(whatIf.now);
  const { map, word } = mapOf(result, wished, engine.sizes);
  byId("overlay").hidden = !map;
  if (map) paint(map, colourTables.get(state.colours));
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

async function switchCamera(start) {
  problem(null);
  frozen = false;
  stamps = [];
  if (start) await start();
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
    problem(null);
    showCamera();
    stage.take(bitmap, [bitmap.width, bitmap.height]);
    bitmap.close();
    look({ image, fit: "crop" });
  } catch (error) {
    console.warn(error);
    problem("notPhoto");
  }
}

watchForPhotos(byId("file"), showPhoto);
for (const example of document.querySelectorAll(".example")) {
  example.onclick = () => showPhoto(example.querySelector("img"));
}

// --- controls ---------------------------------------------------------------------------------------

const colourTables = new Map(facts.colours.map(([name, table]) => [name, colourTable(table)]));
byId("colours").append(...facts.colours.map(([name]) => make("option", { value: name, textContent: name })));
byId("colours").onchange = (event) => {
  state.colours = event.target.value;
  drawLegend(byId("legend"), colourTables.get(state.colours));
  draw();
};
byId("alpha").oninput = () => { byId("overlay").style.opacity = byId("alpha").value; };
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

function makeControls({ blocks, heads }) {
  const set = (name) => (value) => {
    state[name] = value;
    showHeads();
    draw();
  };
  const numbers = (count) => Array.from({ length: count }, (_, i) => [i, String(i)]);
  const showHeads = () => { byId("heads").firstElementChild.disabled = !["cls", "query"].includes(state.kind); };
  state.block = blocks - 1;
  const showKind = choices(byId("kinds"), "kind", KINDS.map((kind) => [kind, kind]), state.kind, set("kind"));
  choices(byId("blocks"), "block", numbers(blocks), state.block, set("block"));
  choices(byId("heads"), "head", [[null, "mean"], ...numbers(heads)], null, set("head"));
  return { showKind };
}

async function start() {
  document.documentElement.lang = language();
  showWords();
  drawLegend(byId("legend"), colourTables.get(state.colours));
  byId("alpha").oninput();
  const only = new URLSearchParams(location.search).get("only"); // ?only=SIMD, to compare engines
  engine = await startEngine(byId("worker").textContent, {
    ...facts.files, weights: byId("weights").textContent, config: facts.config, only });
  for (const id of ["weights", "worker"]) byId(id).remove(); // 7 MB of text
  const { sizes, input } = engine, side = Math.ceil(input.size / sizes.patch);
  engine.grid = [side, side];
  const { showKind } = makeControls(sizes);
  whatIf = makeWhatIf(sizes, side * side, () => {
    if (!camera.on || frozen) look({});
    byId("picture").dataset.tool = whatIf.tool;
    draw();
  });
  stage = makeStage(engine.grid, input, {
    used: (place, give) => (whatIf.tool === "choose" ? null : whatIf.touch(place, give)),
    pointed(place) {
      if (whatIf.tool !== "choose") return; // hiding patches leaves the chosen one as it is
      state.place = place;
      if (place !== null && !asksPatch(state.kind)) showKind(state.kind = "similarity");
      draw();
    },
  });
  stage.count = side * side;
  byId("wait").hidden = true;
  paint = mapPainter(byId("overlay"), engine.grid);
  live.arithmetic = engine.arithmetic;
  showWords();
  await showPhoto(document.querySelector(".example img"));
}

start().catch((error) => {
  console.error(error);
  byId("wait").textContent = error.words?.[language()] ?? error.message;
});
