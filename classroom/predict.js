// A guess, made before the result: patches painted on a photo, or one of several answers.
//
// The kernel keeps what is locked; the page follows its `picked` and `locked`.

import { make, patchUnder } from "../explorer/live/make.js";

const PATIENCE = 60000; // ms to wait for the kernel

/** The photo under its patches. A patch is painted by pointer, or by arrow keys and space. */
function patches(model, say, changed) {
  const [rows, columns] = model.get("grid"), picked = new Set();
  const url = URL.createObjectURL(new Blob([model.get("photo")], { type: "image/jpeg" }));
  const cells = [...Array(rows * columns).keys()].map((i) => {
    const [row, column] = [Math.floor(i / columns) + 1, (i % columns) + 1];
    const label = say(`${row}행 ${column}열`, `row ${row}, column ${column}`);
    return make("div", { role: "gridcell", tabIndex: -1, "aria-label": label });
  });
  const lines = [...Array(rows).keys()].map((y) =>
    make("div", { role: "row" }, ...cells.slice(y * columns, (y + 1) * columns)));
  const grid = make("div", {
    role: "grid", "aria-multiselectable": "true",
    "aria-label": say("패치 격자. 화살표 키로 옮기고 스페이스로 고릅니다.",
      "Patch grid. Move with the arrow keys, pick with space."),
  }, ...lines);
  const photo = make("img", { src: url, alt: say("모델이 본 사진", "the photo as the model saw it"), draggable: false });
  const root = make("div", { className: "dino-guess-photo" }, photo, grid);
  grid.style.gridTemplate = `repeat(${rows}, 1fr) / repeat(${columns}, 1fr)`;
  photo.addEventListener("load", () => root.style.setProperty("--ratio", photo.naturalWidth / photo.naturalHeight));

  let at = Math.floor(rows / 2) * columns + Math.floor(columns / 2); // where the keyboard is
  let paint = null; // while the pointer is down: whether patches are picked or given back
  let locked = false;

  function set(i, on) {
    if (locked) return;
    if (on) picked.add(i);
    else picked.delete(i);
    cells[i].setAttribute("aria-selected", on);
    changed();
  }

  function go(i, focus) {
    cells[at].tabIndex = -1;
    at = i;
    cells[at].tabIndex = 0;
    if (focus) cells[at].focus({ preventScroll: true });
  }

  grid.addEventListener("pointerdown", (event) => {
    const i = patchUnder(event, grid, [rows, columns]);
    if (locked || i === null || event.button) return;
    event.preventDefault();
    grid.setPointerCapture(event.pointerId);
    paint = !picked.has(i);
    go(i, true);
    set(i, paint);
  });
  grid.addEventListener("pointermove", (event) => {
    const i = paint === null ? null : patchUnder(event, grid, [rows, columns]);
    if (i !== null && picked.has(i) !== paint) set(i, paint);
  });
  for (const end of ["pointerup", "pointercancel"]) grid.addEventListener(end, () => (paint = null));
  grid.addEventListener("keydown", (event) => {
    const [y, x] = [Math.floor(at / columns), at % columns];
    const to = {
      ArrowLeft: [y, x - 1], ArrowRight: [y, x + 1], ArrowUp: [y - 1, x], ArrowDown: [y + 1, x],
      Home: [y, 0], End: [y, columns - 1],
    }[event.key];
    if (to) go(Math.min(rows - 1, Math.max(0, to[0])) * columns + Math.min(columns - 1, Math.max(0, to[1])), true);
    else if (event.key === " " || event.key === "Enter") {
      if (!event.repeat && !event.shiftKey && !event.ctrlKey) set(at, !picked.has(at));
    } else return;
    event.preventDefault();
  });
  go(at, false);
  return {
    root,
    count: () => say(`패치 ${cells.length}개 가운데 ${picked.size}개`, `${picked.size} of ${cells.length} patches`),
    get value() { return [...picked]; },
    show(values, isLocked) {
      locked = false;
      cells.forEach((_, i) => set(i, values.includes(i)));
      locked = isLocked;
      grid.setAttribute("aria-readonly", locked);
      root.classList.toggle("locked", locked);
    },
    end: () => URL.revokeObjectURL(url),
  };
}

/** Answers, of which one is chosen. */
function choice(model, say, changed) {
  const name = `dino-${Math.random()}`; // radio buttons of one name belong together
  const radios = model.get("options").map((_, value) => make("input", { type: "radio", name, value }));
  const labels = model.get("options").map((text, i) => make("label", {}, radios[i], make("span", { textContent: text })));
  const root = make("fieldset", {}, make("legend", { textContent: say("하나를 고르세요", "Choose one") }), ...labels);
  root.addEventListener("change", changed);
  return {
    root,
    count: () => "",
    get value() { return radios.flatMap((radio, i) => (radio.checked ? [i] : [])); },
    show(values, isLocked) {
      radios.forEach((radio, i) => {
        radio.checked = values.includes(i);
        radio.disabled = isLocked;
      });
      changed();
    },
    end: () => {},
  };
}

function render({ model, el }) {
  const say = (ko, en) => ({ ko, en })[model.get("language")] ?? `${ko} · ${en}`;
  const button = (ko, en) => make("button", { type: "button", textContent: say(ko, en) });
  const lock = button("예상 확정", "Lock in my guess"), again = button("다시", "again");
  const clear = button("모두 지우기", "clear");
  const status = make("div", { className: "dino-guess-status", role: "status", tabIndex: -1 });
  let waiting, body = null;

  function changed() { // also while `body` is being made
    if (!body) return;
    const locked = model.get("locked"), none = !body.value.length;
    lock.disabled = locked || none;
    clear.disabled = locked || none;
    again.disabled = !locked;
    const words = locked
      ? say("확정했습니다. 다음 셀을 실행하세요.", "Locked in. Run the next cell.")
      : say("고른 다음 확정하세요.", "Pick, then lock it in.");
    status.textContent = [body.count(), words].filter(Boolean).join(" · ");
  }

  function follow() {
    clearTimeout(waiting);
    body.show(model.get("picked"), model.get("locked"));
    changed();
  }

  function ask(question) {
    model.send(question);
    lock.disabled = again.disabled = true;
    status.textContent = say("저장하고 있습니다 …", "Saving …");
    status.focus(); // a button that is off would lose it
    waiting = setTimeout(() => {
      follow();
      status.textContent = say("커널이 답하지 않습니다. 셀을 다시 실행하세요.",
        "The kernel does not answer; run the cell again.");
    }, PATIENCE);
  }

  body = (model.get("options").length ? choice : patches)(model, say, changed);
  const bar = make("div", { className: "dino-guess-bar" }, lock, ...(model.get("options").length ? [] : [clear]), again);
  const root = make("div", { className: "dino-predict" }, body.root, bar, status);
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab's own keys stay out
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(root);
  lock.addEventListener("click", () => ask({ lock: body.value }));
  again.addEventListener("click", () => ask({ again: true }));
  clear.addEventListener("click", () => {
    body.show([], false);
    changed();
  });
  model.on("change:locked", follow);
  follow();
  return () => {
    clearTimeout(waiting);
    model.off("change:locked", follow);
    body.end();
  };
}

export default { render };
