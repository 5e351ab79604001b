// The live page in a notebook's cell: fetched from the kernel when the reader wants it, in a frame of
// its own whose content policy forbids every connection.

import { make } from "./live/make.js";
import { NO_ANSWER, patience } from "./patience.js";

function render({ model, el }) {
  const say = (ko, en) => ({ ko, en })[model.get("language")] ?? `${ko} ${en}`;
  el.classList.add("dino-camera");
  const button = make("button", { type: "button", textContent: say("카메라 열기", "open the camera") });
  const status = make("div", { className: "dino-status", role: "status" });
  el.append(button, status);
  let address, waiting;
  button.onclick = () => {
    button.disabled = true;
    status.textContent = say("신경망을 받고 있습니다 …", "The network is on its way …");
    waiting = patience(() => {
      status.textContent = say(NO_ANSWER.ko, NO_ANSWER.en);
      button.disabled = false;
    });
    model.send({ ask: "page" });
  };
  const show = (message, [page] = []) => {
    if (message.heard) return waiting?.heard();
    waiting?.end();
    address = URL.createObjectURL(new Blob([page], { type: "text/html" }));
    el.replaceChildren(make("iframe", { src: address, className: "dino-live", title: button.textContent, allow: "camera" }));
  };
  model.on("msg:custom", show);
  return () => {
    waiting?.end();
    model.off("msg:custom", show);
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
