// A button that brings a photo to the kernel: chosen, dropped or pasted.
//
// Jupyter carries it through a connection that ends without a word at a message of 10 MiB. So a
// large photo is made small here, before it is sent, and what can't be is refused.

const SIDE = 2048; // pixels of the longer side; load_photo keeps fewer
const LIMIT = 9e6; // bytes of one message
const QUALITY = 0.92; // of a JPEG
const PATIENCE = 60000; // ms to wait for the kernel

/** What to send of a file, and in words what was done to it; or why it can't be sent. */
async function prepare(file, say) {
  let photo;
  try {
    photo = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch { // not a photo, or of a kind that Python may know though the browser does not
    if (file.size < LIMIT) return { blob: file, note: "" };
    const size = `${(file.size / 1e6).toFixed(1)} MB`;
    return { refused: say(
      `브라우저가 열지 못하는 파일이고, 그대로 보내기에는 큽니다: ${file.name} (${size}). JPEG로 저장해 올리세요.`,
      `The browser cannot open this file, and it is too large to send as it is: ${file.name} (${size}). Save it as JPEG.`,
    ) };
  }
  const { width, height } = photo, scale = SIDE / Math.max(width, height);
  if (scale >= 1 && file.size < LIMIT) return { blob: file, note: "" };
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  [canvas.width, canvas.height] = [width, height].map((side) => Math.max(1, Math.round(side * Math.min(1, scale))));
  pen.imageSmoothingQuality = "high";
  pen.fillStyle = "white"; // under what is transparent, as load_photo does
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(photo, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  const [from, to] = [`${width} × ${height}`, `${canvas.width} × ${canvas.height}`];
  return { blob, note: say(`큰 사진이라 줄여서 보냈습니다: ${from} → ${to}`, `Made smaller before it was sent: ${from} → ${to}`) };
}

function render({ model, el }) {
  const say = (ko, en) => ({ ko, en })[model.get("language")] ?? `${ko}\n${en}`;
  const add = (tag, properties, to) => to.appendChild(Object.assign(document.createElement(tag), properties));
  const root = add("div", { className: "dino-upload" }, el);
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take a pasted photo for a cell
  root.addEventListener("keydown", (event) => event.stopPropagation());
  const button = add("button", { type: "button", textContent: say("사진 올리기", "upload a photo").replace("\n", " ") }, root);
  add("span", { textContent: ` ${say("끌어 놓거나 붙여 넣어도 됩니다.", "or drop or paste one here.").replace("\n", " ")}` }, root);
  const input = add("input", { type: "file", accept: "image/*", hidden: true }, root);
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
    busy(true, say("사진을 보내고 있습니다 …", "Sending the photo …"));
    const { blob, refused, note: done } = await prepare(file, say);
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
