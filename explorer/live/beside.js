// The untrained network's map, smaller, below the picture.

import { byId } from "./elements.js";
import { mapPainter } from "./paint.js";

/** Show a map (0..1 a patch) over the picture as it is shown, or nothing. */
export function drawBeside(map, grid, colours) {
  byId("beside").hidden = !map;
  if (!map) return;
  const base = byId("base"), copy = byId("beside-base"), scale = 280 / Math.max(base.width, base.height);
  Object.assign(copy, { width: Math.round(base.width * scale), height: Math.round(base.height * scale) });
  copy.getContext("2d").drawImage(base, 0, 0, copy.width, copy.height);
  copy.parentElement.style.setProperty("--ratio", base.width / base.height);
  mapPainter(byId("beside-overlay"), grid)(map, colours);
}
