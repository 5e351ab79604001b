// The explorer: a photo, a map, and the map laid over the photo, with what chooses them.
//
// Jupyter loads this module as a widget (anywidget), page.js loads it in a page without a kernel; in
// both it is one text with all that it imports (bundle.py). Maps come from the kernel (sent.js) or are
// worked out here (computed.js) from what the network in the page (lab.js), or Python, found.

import { ComputedMaps, unpacked } from "./computed.js";
import { listenTo } from "./hands.js";
import { make } from "./live/make.js";
import { watchForPhotos } from "./live/photo.js";
import { setLanguage, WORDS } from "./live/words.js";
import { bytes, floats } from "./pixels.js";
import { SentMaps } from "./sent.js";
import { makeShow } from "./show.js";
import { makeSources } from "./sources.js";
import { benchPlace, explorerControls, explorerPictures, explorerWords, speaker } from "./view.js";

const START = { head: 0, scale: "min-max", smooth: true, keep: 100, wipe: 0, patch: null, pinned: false };
const ALPHA = 0.5;

/** The maps that Python sent: of every block, or of one. */
function mapsOf(model) {
  const tokens = model.get("tokens");
  if (!tokens?.blocks) return new SentMaps(model.get("data"));
  const { result, sizes } = unpacked(tokens);
  return new ComputedMaps(result, sizes, sizes.blocks - 1);
}

/** Draw the explorer into an element; the model holds what Python sent. */
async function render({ model, el }) {
  setLanguage(model.get("language"));
  const say = speaker(model.get("language")), kinds = model.get("kinds");
  const photo = () => createImageBitmap(new Blob([bytes(model.get("photo"))]));
  const tables = Object.fromEntries(Object.entries(model.get("tables")).map(([name, table]) => [name, bytes(table)]));
  const state = { ...START, kind: model.get("start") };
  // What is shown: the maps, those of the untrained network, the picture and whether the page brought it.
  let given = await photo();
  const at = { state, maps: mapsOf(model), beside: null, seen: given, own: false, current: null };
  const fromPython = () => {
    at.mask = model.get("mask") && bytes(model.get("mask"));
    at.cropped = model.get("cropped");
  };
  fromPython();
  const first = { kind: state.kind, block: at.maps.block, cmap: Object.keys(tables)[0] };

  const controls = explorerControls(say, kinds, Object.keys(tables), at.maps.blocks);
  const pictures = explorerPictures(say, Object.values(WORDS.untrainedName)), words = explorerWords(say), bench = benchPlace(say);
  const root = make("div", { className: "dino-explorer" }, ...controls.above, pictures.row,
    words.legend, words.readout, ...controls.below, words.status, bench, words.foot);
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab's own arrow keys stay out, in both ways
  root.addEventListener("keydown", (event) => event.stopPropagation());
  pictures.show(at.seen);
  el.append(root);

  let show = null;
  const sources = makeSources(model, at, { say, root, status: words.status, bench, controls, show: () => show });
  show = makeShow(model, at, { say, kinds, tables, controls, pictures, words, sources });
  bench.hidden = controls.camera.hidden = !sources.able;
  controls.photoLabel.hidden = !sources.able && !sources.kernel;

  function set(changes) {
    Object.assign(state, changes);
    show.choose();
  }

  function reset() {
    sources.play(false);
    model.set("alpha", ALPHA);
    model.set("cmap", first.cmap);
    model.save_changes();
    set({ ...START, kind: first.kind });
    sources.reset(given);
    sources.showBlock(first.block);
  }

  for (const [name, event, type] of [
    ["head", "change", Number], ["scale", "change", String], ["keep", "input", Number], ["wipe", "input", Number],
  ]) controls[name].addEventListener(event, (e) => set({ [name]: type(e.target.value) }));
  controls.kind.root.addEventListener("change", () => set({ kind: controls.kind.value }));
  controls.smooth.addEventListener("change", () => set({ smooth: controls.smooth.checked }));
  controls.block.addEventListener("change", () => sources.showBlock(Number(controls.block.value)));
  controls.play.addEventListener("click", () => sources.play(!sources.playing));
  controls.camera.addEventListener("click", sources.camera);
  controls.reset.addEventListener("click", reset);
  controls.save.addEventListener("click", show.save);
  controls.alpha.addEventListener("input", () => model.set("alpha", Number(controls.alpha.value)));
  controls.cmap.addEventListener("input", () => model.set("cmap", controls.cmap.value));
  for (const own of [controls.alpha, controls.cmap]) { // Python hears of it when the reader lets go
    own.addEventListener("change", () => model.save_changes());
  }
  listenTo(pictures, at, set, () => sources.lab?.bench);
  watchForPhotos(root, controls.photo, sources.open);
  // The network comes when the reader comes; where the page carries it, at once.
  for (const event of ["pointerenter", "focusin"]) root.addEventListener(event, sources.rouse, { once: true });
  bench.addEventListener("toggle", sources.rouse, { once: true });

  const follow = () => {
    for (const name of ["alpha", "cmap"]) controls[name].value = model.get(name);
    show.draw();
  };
  const listeners = {
    "change:alpha": follow,
    "change:cmap": follow,
    "change:data": () => {
      at.maps = mapsOf(model);
      sources.busy("");
      sources.shownBlock();
    },
    "change:photo": async () => {
      fromPython();
      Object.assign(state, { patch: null, pinned: false });
      given = await photo();
      [at.seen, at.own] = [given, false];
      pictures.show(at.seen);
      show.choose();
    },
    "msg:custom": (message, buffers) => {
      if (message.heard) return void sources.heard();
      if (message.network) return;
      sources.busy("");
      if (message.error) sources.tell(say(...message.error));
      else if (message.block === at.maps.block) {
        at.maps.asked[`${message.ask} ${message.patch}`] = floats(buffers[0]);
        show.choose();
      }
    },
  };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  show.choose();
  follow();
  if (!sources.kernel) sources.rouse();
  return () => {
    sources.stop();
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

export default { render };
