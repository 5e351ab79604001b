// Where the explorer's maps come from: the network in the page, or the kernel.

import { makeLab } from "./lab.js";
import { translate, wordOf } from "./live/elements.js";
import { NO_ANSWER, patience } from "./patience.js";
import { bytes } from "./pixels.js";
import { prepare } from "./prepare.js";

const PACE = 600; // ms a block stays while blocks are played

/** at: what is shown; root, status, bench, controls: the page's; show(): what draws. */
export function makeSources(model, at, { say, root, status, bench, controls, show }) {
  let waiting, pace, playing = false, roused = null, lab = null;

  function busy(text) {
    waiting?.end();
    root.setAttribute("aria-busy", text ? "true" : "false");
    status.textContent = text;
    if (text) waiting = patience(() => tell(wordOf(NO_ANSWER)));
  }

  /** Nothing is going on any more; this is what came of it. */
  function tell(text) {
    play(false);
    busy("");
    status.textContent = text;
    show().showControls();
  }

  function ask(question, buffers) {
    busy(say("커널이 계산하고 있습니다 …", "The kernel is working …"));
    model.send(question, undefined, buffers);
  }

  if (model.get("network")?.key) {
    lab = makeLab(model, {
      input: () => createImageBitmap(new Blob([bytes(model.get("input"))])),
      picture(canvas, cropped) {
        [at.seen, at.own, at.cropped] = [canvas, true, cropped];
      },
      redraw() {
        root.dataset.tool = lab.bench.tool;
        show().redraw();
      },
      shown(found, other) {
        busy("");
        const { block, grid } = at.maps;
        [at.maps, at.beside] = [found(block), other && other(block)];
        if (String(at.maps.grid) !== String(grid)) Object.assign(at.state, { patch: null, pinned: false });
        show().redraw();
        show().choose();
      },
      problem(word, error) {
        if (error?.silent) roused = null; // no network yet: the next touch asks for it again
        else if (error && !lab.result && model.send) lab = null; // no engine here: the kernel computes
        tell(wordOf(word));
        showCamera();
      },
    });
  }

  /** Have the network in the page look at the picture, once; then the bench is there. */
  function rouse() {
    roused ??= lab ? lab.compute().then(() => {
      if (!lab?.bench) return;
      bench.append(lab.bench.root);
      translate(bench);
    }) : Promise.resolve();
    return roused;
  }

  /** False where the kernel did not send the network, and the reader has been told. */
  const ready = () => rouse().then(() => lab === null || lab.result !== null);

  async function showBlock(block) {
    if (block === at.maps.block) return;
    if (!at.maps.has(block) && lab) {
      busy(say("신경망을 준비하고 있습니다 …", "Getting the network ready …"));
      if (!await ready()) return;
    }
    if (!at.maps.has(block)) return void ask({ ask: "block", block });
    at.maps.block = block;
    if (at.beside) at.beside.block = block;
    shownBlock();
  }

  function shownBlock() {
    show().choose();
    if (playing) pace = setTimeout(() => play(at.maps.block < at.maps.blocks - 1), PACE);
  }

  function play(on) {
    clearTimeout(pace);
    playing = on;
    controls.play.textContent = on ? say("■ 멈춤", "stop") : say("▶ 블록 재생", "play blocks");
    if (on) showBlock(at.maps.block === at.maps.blocks - 1 ? 0 : at.maps.block + 1);
  }

  async function open(file) {
    if (!await ready()) return;
    if (lab) return void lab.open(file).then(showCamera);
    if (!model.send) return;
    const { blob, refused } = await prepare(file, say);
    if (refused) return void tell(refused);
    ask({ ask: "photo", name: file.name }, [await blob.arrayBuffer()]);
  }

  function showCamera() {
    controls.camera.textContent = lab?.camera.on ? say("카메라 끄기", "stop the camera") : say("카메라", "camera");
  }

  async function camera() {
    if (lab?.camera.on) lab.camera.stop();
    else {
      status.textContent = "";
      if (await ready()) await lab?.camera.start();
    }
    showCamera();
  }

  return {
    rouse, showBlock, shownBlock, play, open, camera, busy, tell,
    /** Back to the picture that Python gave, and to the network as it is. */
    reset(photo) {
      if (!lab?.bench) return;
      if (at.own) [at.seen, at.own, at.cropped] = [photo, false, model.get("cropped")];
      lab.reset();
      showCamera();
    },
    get kernel() { return Boolean(model.send); },
    get able() { return lab !== null; },
    get lab() { return lab; },
    get playing() { return playing; },
    heard: () => waiting?.heard(),
    askPatch: () => (model.send ? ask({ ask: at.state.kind, patch: at.state.patch })
      : (status.textContent = say("이 맵은 커서 이 파일에 없습니다.", "This map is too large for this file."))),
    stop() {
      play(false);
      waiting?.end();
      lab?.camera.stop();
    },
  };
}
