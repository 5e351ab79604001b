// The explorer's arithmetic in the browser: functions that give the same numbers as helpers/maps.py
// and helpers/overlay.py, and the forms in which data comes.

import { lineOf, linear } from "./engine/resize.js";

// --- arithmetic -----------------------------------------------------------------------------------

const float32 = Math.fround; // Python counts in 32 bits; so do we, to get the same pixels

/** Stretch low..high to 0..1, clipped; a constant map gives zeros. As maps.min_max. */
export function normalise(values, [low, high]) {
  const span = float32(high - low) || 1;
  return Float32Array.from(values, (v) => Math.min(1, Math.max(0, float32(v - low) / span)) || 0);
}

/** A map (rows × columns) at width × height pixels, bilinear: first along rows, then columns. */
export function smoothResize(values, [rows, columns], [width, height]) {
  const wide = new Float32Array(rows * width);
  lineOf(linear, columns, width).forEach(({ first, weights }, x) => {
    for (let y = 0; y < rows; y++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += values[y * columns + first + k] * weights[k];
      wide[y * width + x] = sum;
    }
  });
  const result = new Float32Array(width * height);
  lineOf(linear, rows, height).forEach(({ first, weights }, y) => {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += wide[(first + k) * width + x] * weights[k];
      result[y * width + x] = sum;
    }
  });
  return result;
}

/** Which cell lies under each of `to` pixels. Pillow's NEAREST adds up its steps, so do we. */
export function nearestCells(from, to) {
  const cells = [];
  for (let i = 0, at = (from / to) * 0.5; i < to; i++, at += from / to) cells.push(Math.trunc(at));
  return cells;
}

/** A map at width × height pixels, each patch one flat rectangle. */
export function flatResize(values, [rows, columns], [width, height]) {
  const xs = nearestCells(columns, width), ys = nearestCells(rows, height);
  const result = new values.constructor(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) result[i++] = values[ys[y] * columns + xs[x]];
  }
  return result;
}

/** 1 for the fewest, largest values that hold a share of the sum of all; negative ones count 0. Where
 * there is no value (NaN: a token that was removed) it is 0. */
export function keepMass(values, share) {
  const mass = Float64Array.from(values, (v) => Math.max(0, v) || 0);
  const total = mass.reduce((a, b) => a + b, 0);
  const order = [...mass.keys()].sort((a, b) => mass[b] - mass[a]);
  const kept = new Uint8Array(values.length).fill(share >= 1 ? 1 : 0);
  for (let i = 0, sum = 0; i < order.length && sum < share * total; i++) {
    kept[order[i]] = 1;
    sum += mass[order[i]];
  }
  values.forEach((v, i) => { if (Number.isNaN(v)) kept[i] = 0; });
  return kept;
}

/** Colour the map and lay it over the photo, pixel by pixel. As overlay.blend.
 *
 * photo, map, overlay: RGBA bytes, the last two written; values: 0..1 and kept: 0 or 1, a pixel
 * each; table: 256 × RGB. What is not kept shows the photo alone, and grey in the map. */
export function paint(photo, values, kept, table, alpha, map, overlay) {
  const a = float32(alpha);
  for (let i = 0, p = 0; i < values.length; i++, p += 4) {
    const entry = 3 * Math.min(255, Math.floor(values[i] * 256));
    for (let c = 0; c < 3; c++) {
      map[p + c] = kept[i] ? table[entry + c] : 64;
      // Pillow's Image.blend cuts the fraction off
      overlay[p + c] = kept[i]
        ? Math.trunc(float32(photo[p + c] + float32(a * (table[entry + c] - photo[p + c]))))
        : photo[p + c];
    }
    map[p + 3] = overlay[p + 3] = 255;
  }
}

// --- data -----------------------------------------------------------------------------------------

/** Bytes as Jupyter sends them (a DataView) or as a page of its own holds them (base64). */
export function bytes(x) {
  if (typeof x === "string") {
    const letters = atob(x), found = new Uint8Array(letters.length); // Uint8Array.from takes seconds
    for (let i = 0; i < letters.length; i++) found[i] = letters.charCodeAt(i);
    return found;
  }
  return new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
}

/** A picture's pixels as an engine takes them. */
export function pixelsOf(picture) {
  const pen = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height })
    .getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0);
  return pen.getImageData(0, 0, picture.width, picture.height);
}

export const floats = (x) => new Float32Array(bytes(x).slice().buffer);
