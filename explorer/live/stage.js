// The picture with the map on it: drawing, and choosing patches by finger, mouse or keys.

import { byId } from "./elements.js";
import { drawChanged, makeTaker } from "./taker.js";

/** input: how the network wants its pictures; used(place, give): a place was touched (see what_if.js);
 * pointed(place): the place under the finger or the keys, or null; regridded(): another grid. */
export function makeStage(input, patch, { used, pointed, regridded }) {
  const picture = byId("picture"), base = byId("base"), marker = byId("marker"), side = base.width;
  const taker = makeTaker(input, patch, side), shown = base.getContext("2d", { alpha: false });
  let at = null, grid = [Math.ceil(input.size / patch), Math.ceil(input.size / patch)];

  /** A patch's number from its row and column, kept within the picture. */
  const place = (row, column) => {
    const within = (value, count) => Math.min(count - 1, Math.max(0, value));
    return within(row, grid[0]) * grid[1] + within(column, grid[1]);
  };

  function point(to) {
    at = to;
    marker.hidden = to === null;
    const [rows, columns] = grid;
    if (to !== null) {
      Object.assign(marker.style, {
        left: `${(100 * (to % columns)) / columns}%`, top: `${(100 * Math.floor(to / columns)) / rows}%`,
        width: `${100 / columns}%`, height: `${100 / rows}%` });
    }
    pointed(to);
  }

  const placeOf = (event) => {
    const box = picture.getBoundingClientRect(), part = (value, count) => Math.floor(value * count);
    return place(part((event.clientY - box.top) / box.height, grid[0]), part((event.clientX - box.left) / box.width, grid[1]));
  };
  let give = null; // in a drag: whether places are given back
  picture.onpointerdown = (event) => {
    if (event.button !== 0) return;
    picture.setPointerCapture(event.pointerId);
    point(placeOf(event));
    give = used(at, null);
  };
  picture.onpointermove = (event) => {
    if (!picture.hasPointerCapture(event.pointerId) || placeOf(event) === at) return;
    point(placeOf(event));
    used(at, give);
  };
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  picture.onkeydown = (event) => {
    const [rows, columns] = grid;
    if (event.key in steps) {
      const [down, right] = steps[event.key];
      point(at === null ? place(Math.floor(rows / 2), Math.floor(columns / 2))
        : place(Math.floor(at / columns) + down, (at % columns) + right));
    } else if (event.key === " " || event.key === "Enter") {
      if (at !== null) used(at, null);
    } else if (event.key === "Escape") point(null);
    else return;
    event.preventDefault();
  };

  return {
    get grid() { return grid; },
    /** The picture as the network gets it. */
    drawBase: (whatIf) => drawChanged(shown, taker.canvas, grid, whatIf, input.mean),
    /** A new picture: drawn, and returned as pixels of the network's size if `read`. */
    take(source, size, how) {
      const taken = taker.take(source, size, how), { width, height } = taker.canvas;
      if (base.width !== width || base.height !== height) {
        Object.assign(base, { width, height });
        picture.style.setProperty("--ratio", width / height);
      }
      if (String(taken.grid) !== String(grid)) {
        grid = taken.grid;
        regridded();
        point(null);
      }
      return taken.image;
    },
    /** Picture and map as one PNG, with a line that says what it is. */
    save(overlay, alpha, line, name) {
      const { width, height } = base;
      const canvas = Object.assign(document.createElement("canvas"), { width, height: height + 44 });
      const to = canvas.getContext("2d", { alpha: false });
      to.drawImage(base, 0, 0);
      to.globalAlpha = alpha;
      to.drawImage(overlay, 0, 0, width, height);
      to.globalAlpha = 1;
      to.fillStyle = "#fff";
      to.fillRect(0, height, width, 44);
      to.fillStyle = "#111";
      to.font = "15px system-ui, sans-serif";
      to.fillText(line, 12, height + 27, width - 24);
      canvas.toBlob((blob) => {
        const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // a slow device may still be writing it
      }, "image/png");
    },
  };
}
