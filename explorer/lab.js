// What an explorer does without a kernel: pictures through the network in the page, one's own photos,
// the camera, and the bench.

import { ComputedMaps } from "./computed.js";
import { makeCamera } from "./live/camera.js";
import { readPhoto } from "./live/photo.js";
import { drawChanged, fitOwn, makeTaker } from "./live/taker.js";
import { makeWhatIf } from "./live/what_if.js";
import { engineOf } from "./network.js";
import { pixelsOf } from "./pixels.js";

const SIDE = 384; // pixels of the photo's longer side, as Python sends it
let count = 0;

/** model: the widget's; input(): the picture that Python gave the network.
 *
 * picture(canvas, cropped): another one to show, and whether it is a long photo's centre; redraw(): the bench wants it shown otherwise; shown(mapsOf,
 * besideOf): what gives a block's maps, and the untrained network's or null; problem(word, error): what
 * went wrong. */
export function makeLab(model, { input, picture, redraw, shown, problem }) {
  const name = `explorer ${++count}`, { fit, size } = model.get("view");
  let knows = null, sent = null, source = null; // which engine has which picture
  let busy = false, again = false, last = null, beside = null, taker = null, whatIf = null, fresh = false;

  async function wake() {
    const engine = await engineOf(model), { sizes, input: own } = engine;
    source ??= { image: pixelsOf(await input()), fit: "ready" };
    taker ??= makeTaker({ ...own, size: size ?? own.size }, sizes.patch, SIDE);
    whatIf ??= makeWhatIf(sizes, () => last.grid[0] * last.grid[1], () => {
      redraw();
      if (!camera.on) compute();
    });
    return engine;
  }

  /** The network's answer to the present wish; while it works the newest wish waits. */
  async function compute() {
    if (busy) return void (again = true);
    busy = true;
    try {
      do {
        again = false;
        const engine = await wake(), { image: { width, height, data }, fit: how } = source;
        const known = engine === knows && source === sent; // it has the picture
        [knows, sent] = [engine, source];
        const question = { name, whatIf: whatIf.now }, image = known ? undefined : { width, height, data: data.slice() };
        const result = await engine.ask({ ...question, image, fit: known ? undefined : how, size, compare: whatIf.active() });
        const other = whatIf.now.untrained ? await engine.ask({ ...question, untrained: true }) : null;
        for (const old of [last, beside]) if (old) engine.giveBack(old);
        [last, beside] = [result, other];
        const maps = (answer) => answer && ((block) => new ComputedMaps(answer, engine.sizes, block));
        shown(maps(result), maps(other));
      } while (again);
    } catch (error) {
      console.error(error);
      knows = null; // an engine that was stopped knows nothing
      problem(error.words ?? { ko: error.message, en: error.message }, error);
    }
    busy = false;
    if (camera.on && fresh) frame();
  }

  function take(from, dimensions, how, cropped = false) {
    const { grid, image } = taker.take(from, dimensions, how);
    if (last && String(grid) !== String(last.grid)) whatIf.forgetPlaces();
    picture(taker.canvas, cropped);
    return image;
  }

  /** A photo of the reader's: a file, or a picture of the page. */
  async function open(file) {
    let photo;
    try {
      photo = await readPhoto(file);
    } catch (error) {
      console.warn(error);
      return problem("notPhoto");
    }
    camera.stop();
    await wake();
    const { bitmap, image } = photo, dimensions = [image.width, image.height];
    source = { image, fit: fit === "squash" ? fit : fitOwn(dimensions) };
    take(bitmap, dimensions, { fit: source.fit }, source.fit === "crop");
    bitmap.close();
    return compute();
  }

  const video = Object.assign(document.createElement("video"), { playsInline: true, muted: true });
  async function frame() {
    fresh = true;
    if (busy || !camera.on) return;
    fresh = false;
    const still = await camera.still(), { videoWidth, videoHeight } = video;
    if (!videoWidth || busy || !camera.on) return;
    const image = take(still, [videoWidth, videoHeight], { mirrored: camera.mirrored, read: true });
    source = { image, fit: "ready" };
    await compute();
  }
  const camera = makeCamera(video, frame, problem);

  return {
    compute, open, camera,
    /** The picture that Python gave, and nothing changed. */
    reset() {
      camera.stop();
      source = null;
      whatIf?.undoAll();
    },
    /** Once there is an answer, which is what it says something about. */
    get bench() { return last && whatIf; },
    get result() { return last; },
    /** Draw the picture as it is after what the bench did to it. */
    draw(pen, seen, grid) {
      const { mean } = model.get("network").config.pretrained_cfg;
      drawChanged(pen, seen, grid, whatIf.wanted, mean);
    },
  };
}
