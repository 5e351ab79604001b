// Mouse, finger and arrow keys on the explorer's pictures.

import { patchUnder } from "./live/make.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** at: what is shown; set(changes): choose another patch; bench(): the bench, if it is there. */
export function listenTo(pictures, at, set, bench) {
  const { state } = at, hides = () => bench() && bench().tool !== "choose";

  const patchAt = (event, box) => patchUnder(event, box, at.maps.grid);
  let give = null, touched = null; // in a stroke: whether patches are given back; the last one
  function stroke(event, box) {
    const patch = patchAt(event, box);
    if (patch === null || patch === touched) return;
    touched = patch;
    give = bench().touch(patch, give);
  }

  for (const box of pictures.boxes) {
    box.addEventListener("pointerdown", (event) => {
      if (!hides() || event.button !== 0) return;
      box.setPointerCapture(event.pointerId);
      give = touched = null;
      stroke(event, box);
    });
    box.addEventListener("pointermove", (event) => {
      if (hides()) return void (box.hasPointerCapture(event.pointerId) && stroke(event, box));
      const patch = patchAt(event, box); // a map that the kernel must compute waits for a click
      if (patch === null || state.pinned || state.patch === patch || !at.maps.get(state.kind, 0, patch)) return;
      set({ patch });
    });
    box.addEventListener("click", (event) => {
      const patch = patchAt(event, box);
      if (patch !== null && !hides()) set({ patch, pinned: !(state.pinned && state.patch === patch) });
    });
  }

  pictures.row.addEventListener("keydown", (event) => {
    const [rows, columns] = at.maps.grid, by = STEPS[event.key];
    if (event.key === "Escape") set({ pinned: false });
    if ((event.key === " " || event.key === "Enter") && hides() && state.patch !== null) {
      event.preventDefault();
      bench().touch(state.patch);
    }
    if (!by) return;
    event.preventDefault();
    const from = state.patch ?? -1; // the first arrow key starts at the first patch
    const y = Math.min(rows - 1, Math.max(0, Math.floor(from / columns) + by[0]));
    const x = Math.min(columns - 1, Math.max(0, (from % columns) + by[1]));
    set({ patch: from < 0 ? 0 : y * columns + x, pinned: true });
  });
}
