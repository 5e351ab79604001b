// A button that brings a photo or a video to the kernel: chosen, dropped or pasted.

import { asItIs, prepare } from "./prepare.js";

const PATIENCE = 60000; // ms to wait for the kernel

function render({ model, el }) {
  const say = (ko, en) => ({ ko, en })[model.get("language")] ?? `${ko}\n${en}`;
  const add = (tag, properties, to) => to.appendChild(Object.assign(document.createElement(tag), properties));
  const video = model.get("video");
  const root = add("div", { className: "dino-upload" }, el);
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take a pasted photo for a cell
  root.addEventListener("keydown", (event) => event.stopPropagation());
  const button = add("button", { type: "button", textContent: (video ? say("비디오 올리기", "upload a video") : say("사진 올리기", "upload a photo")).replace("\n", " ") }, root);
  add("span", { textContent: ` ${say("끌어 놓거나 붙여 넣어도 됩니다.", "or drop or paste one here.").replace("\n", " ")}` }, root);
  const input = add("input", { type: "file", accept: video ? "video/*,.gif,.webp" : "image/*", hidden: true }, root);
  const status = add("div", { className: "dino-status" }, root);
  status.setAttribute("role", "status");
  let note = "", waiting;

  function busy(on, text) {
    clearTimeout(waiting);
    root.setAttribute("aria-busy", on);
    button.disabled = on;
    status.textContent = text;
  }

  async function take(file) {
    if (!file || button.disabled) return;
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
  input.addEventListener("change", () => {
    take(input.files[0]);
    input.value = ""; // so that the same file can be chosen again
  });
  for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    root.addEventListener(event, (e) => {
      e.preventDefault();
      e.stopPropagation();
      root.classList.toggle("over", over);
      if (event === "drop") take(e.dataTransfer.files[0]);
    });
  }
  root.addEventListener("paste", (event) => {
    event.stopPropagation();
    take(event.clipboardData.files[0]);
  });
  const answer = ({ error }) => busy(false, error.length ? say(...error) : note);
  model.on("msg:custom", answer);
  return () => model.off("msg:custom", answer);
}

export default { render };
