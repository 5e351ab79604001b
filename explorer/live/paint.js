// A map → coloured pixels.

import { lineOf, linear } from "../engine/resize.js";

const painters = new WeakMap();

/** A painter of maps of one grid onto a canvas, which keeps its memory from picture to picture. */
export function mapPainter(canvas, grid) {
  const known = painters.get(canvas), key = String(grid);
  if (known?.key !== key) painters.set(canvas, { key, paint: newPainter(canvas, grid) });
  return painters.get(canvas).paint;
}

function newPainter(canvas, [rows, columns]) {
  const scale = Math.max(canvas.width, canvas.height) / Math.max(rows, columns); // pixels a patch
  Object.assign(canvas, { width: Math.round(columns * scale), height: Math.round(rows * scale) });
  const { width, height } = canvas, context = canvas.getContext("2d");
  const across = lineOf(linear, columns, width), down = lineOf(linear, rows, height);
  const image = context.createImageData(width, height), wide = new Float32Array(rows * width);
  const pixels = new Uint32Array(image.data.buffer);

  /** values: 0..1 a patch, NaN where there is nothing; colours: 256 pixels. */
  return function paint(values, colours) {
    for (let y = 0; y < rows; y++) for (let x = 0; x < width; x++) {
      const { first, weights } = across[x];
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * (values[y * columns + first + i] || 0);
      wide[y * width + x] = sum;
    }
    for (let y = 0, at = 0; y < height; y++) {
      const { first, weights } = down[y];
      for (let x = 0; x < width; x++, at++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i] * wide[(first + i) * width + x];
        pixels[at] = colours[Math.min(255, Math.floor(sum * 256))];
      }
    }
    context.putImageData(image, 0, 0);
    values.forEach((value, i) => { // nothing is shown where no token is
      if (!Number.isNaN(value)) return;
      const [w, h] = [width / columns, height / rows];
      context.clearRect((i % columns) * w, Math.floor(i / columns) * h, w, h);
    });
  };
}

/** 256 × RGB bytes in base64 → 256 pixels. */
export function colourTable(text) {
  const letters = atob(text), bytes = new Uint8Array(1024).fill(255);
  for (let i = 0; i < 768; i++) bytes[4 * Math.floor(i / 3) + (i % 3)] = letters.charCodeAt(i);
  return new Uint32Array(bytes.buffer);
}

/** The colours from low to high, on a canvas of 256 × 1. */
export function drawLegend(canvas, colours) {
  const context = canvas.getContext("2d"), image = context.createImageData(256, 1);
  new Uint32Array(image.data.buffer).set(colours);
  context.putImageData(image, 0, 0);
}
