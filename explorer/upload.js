// A button that brings a photo or a video to the kernel: chosen, dropped or pasted.

import { make } from "./live/make.js";
import { watchForPhotos } from "./live/photo.js";
import { asItIs, prepare } from "./prepare.js";

const PATIENCE = 60000; // ms to wait for the kernel

function render({ model, el }) {
  const say = (ko, en) => ({ ko, en })[model.get("language")] ?? `${ko}\n${en}`;
  const video = model.get("video"), line = (ko, en) => say(ko, en).replace("\n", " ");
  const button = make("button", { type: "button", textContent: video ? line("비디오 올리기", "upload a video") : line("사진 올리기", "upload a photo") });
  const how = make("span", { textContent: ` ${line("끌어 놓거나 붙여 넣어도 됩니다.", "or drop or paste one here.")}` });
  const input = make("input", { type: "file", accept: video ? "video/*,.gif,.webp" : "image/*", hidden: true });
  const status = make("div", { className: "dino-status", role: "status" });
  const root = make("div", { className: "dino-upload" }, button, how, input, status);
  el.append(root);
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take a pasted photo for a cell
  root.addEventListener("keydown", (event) => event.stopPropagation());
  let note = "", waiting;

  function busy(on, text) {
    clearTimeout(waiting);
    root.setAttribute("aria-busy", on);
    button.disabled = on;
    status.textContent = text;
  }

  async function take(file) {
    if (button.disabled) return;
    busy(true, say("보내고 있습니다 …", "Sending …"));
    const { blob, refused, note: done } = await (video ? asItIs : prepare)(file, say);
    note = done;
    if (refused) {
      model.send({ refused: true }); // the picture of an earlier photo goes
      return busy(false, refused);
    }
    model.send({ name: file.name }, undefined, [await blob.arrayBuffer()]);
    waiting = setTimeout(() => busy(false, say("커널이 답하지 않습니다. 셀을 다시 실행하세요.",
      "The kernel does not answer; run the cell again.")), PATIENCE);
  }

  button.addEventListener("click", () => input.click());
  watchForPhotos(root, input, take);
  const answer = ({ error }) => busy(false, error.length ? say(...error) : note);
  model.on("msg:custom", answer);
  return () => model.off("msg:custom", answer);
}

export default { render };
