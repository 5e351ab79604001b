// The picture with the map on it: drawing, and choosing patches by finger, mouse or keys.

import { viewOf } from "../engine/prep.js";
import { byId } from "./elements.js";

const context = (canvas, options) => canvas.getContext("2d", { alpha: false, ...options });

/** grid: [rows, columns]; input: how the network wants its pictures; used(place, give): a place was
 * touched (see what_if.js); pointed(place): the place under the finger or the keys, or null. */
export function makeStage(grid, input, { used, pointed }) {
  const [rows, columns] = grid, picture = byId("picture"), base = byId("base"), marker = byId("marker");
  const side = base.width, cell = side / columns, shown = context(base);
  const canvasOf = (size) => Object.assign(document.createElement("canvas"), { width: size, height: size });
  const seen = context(canvasOf(side)); // the part of the picture that the network sees, untouched
  // Read in every frame; a canvas on the graphics card would have to be fetched each time.
  const small = context(canvasOf(input.size), { willReadFrequently: true });
  small.imageSmoothingQuality = "high";
  let at = null;

  function drawCropped(source, size, mirrored) {
    const { resized, part } = viewOf(size, "crop", input), [x, y] = [size[0] / resized[0], size[1] / resized[1]];
    seen.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? side : 0, 0);
    seen.drawImage(source, part.left * x, part.top * y, part.width * x, part.height * y, 0, 0, side, side);
    seen.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** The picture as the network gets it: places shuffled, painted over or gone. */
  function drawBase({ order, masked, removed }) {
    shown.drawImage(seen.canvas, 0, 0);
    const corner = (place) => [(place % columns) * cell, Math.floor(place / columns) * cell];
    order?.forEach((from, place) =>
      shown.drawImage(seen.canvas, ...corner(from), cell, cell, ...corner(place), cell, cell));
    shown.fillStyle = `rgb(${input.mean.map((m) => Math.round(255 * m))})`;
    for (const place of masked) shown.fillRect(...corner(place), cell, cell);
    for (const place of removed) {
      const [x, y] = corner(place);
      shown.clearRect(x, y, cell, cell); // black, with a cross
      shown.strokeStyle = "#777";
      shown.beginPath();
      shown.moveTo(x + 6, y + 6);
      shown.lineTo(x + cell - 6, y + cell - 6);
      shown.moveTo(x + cell - 6, y + 6);
      shown.lineTo(x + 6, y + cell - 6);
      shown.stroke();
    }
  }

  function point(place) {
    at = place;
    marker.hidden = place === null;
    if (place !== null) {
      Object.assign(marker.style, {
        left: `${(100 * (place % columns)) / columns}%`,
        top: `${(100 * Math.floor(place / columns)) / rows}%`,
        width: `${100 / columns}%`, height: `${100 / rows}%` });
    }
    pointed(place);
  }

  const placeOf = (event) => {
    const box = picture.getBoundingClientRect();
    const part = (value, count) => Math.min(count - 1, Math.max(0, Math.floor(value * count)));
    const row = part((event.clientY - box.top) / box.height, rows);
    return row * columns + part((event.clientX - box.left) / box.width, columns);
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
    if (event.key in steps) {
      const [down, right] = steps[event.key], now = at ?? Math.floor(rows / 2) * columns + Math.floor(columns / 2);
      const within = (value, count) => Math.min(count - 1, Math.max(0, value));
      const next = [within(Math.floor(now / columns) + down, rows), within((now % columns) + right, columns)];
      point(at === null ? now : next[0] * columns + next[1]);
    } else if (event.key === " " || event.key === "Enter") {
      if (at !== null) used(at, null);
    } else if (event.key === "Escape") point(null);
    else return;
    event.preventDefault();
  };

  return {
    drawBase,
    /** A new picture: drawn, and returned as pixels of the network's size if `read`. */
    take(source, size, { mirrored = false, read = false } = {}) {
      drawCropped(source, size, mirrored);
      if (!read) return null;
      // From the canvas: each drawing of a video costs Chromium another conversion of its colours.
      small.drawImage(seen.canvas, 0, 0, input.size, input.size);
      return small.getImageData(0, 0, input.size, input.size);
    },
    /** Picture and map as one PNG, with a line that says what it is. */
    save(overlay, alpha, line, name) {
      const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side + 44 });
      const to = context(canvas);
      to.drawImage(base, 0, 0);
      to.globalAlpha = alpha;
      to.drawImage(overlay, 0, 0, side, side);
      to.globalAlpha = 1;
      to.fillStyle = "#fff";
      to.fillRect(0, side, side, 44);
      to.fillStyle = "#111";
      to.font = "15px system-ui, sans-serif";
      to.fillText(line, 12, side + 27, side - 24);
      canvas.toBlob((blob) => {
        const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // a slow device may still be writing it
      }, "image/png");
    },
  };
}
