// The position embedding for another grid than the network learnt with.

import { cubic, lineOf } from "./resize.js";

/** What timm's resample_abs_pos_embed gives (torch's bicubic interpolation, antialiased).
 *
 * position: (placed + side · side) × width, of which the first `placed` rows have no place in the
 * picture and stay. Returns (placed + rows · columns) × width. */
export function resamplePosition(position, { placed, side, width }, [rows, columns]) {
  if (rows === side && columns === side) return position.slice();
  const across = lineOf(cubic, side, columns), down = lineOf(cubic, side, rows);
  // Along the rows first, then down the columns.
  const wide = new Float32Array(side * columns * width);
  for (let y = 0; y < side; y++) for (let x = 0; x < columns; x++) {
    const { first, weights } = across[x], to = (y * columns + x) * width;
    weights.forEach((weight, i) => {
      const from = (placed + y * side + first + i) * width;
      for (let c = 0; c < width; c++) wide[to + c] += weight * position[from + c];
    });
  }
  const result = new Float32Array((placed + rows * columns) * width);
  result.set(position.subarray(0, placed * width));
  for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) {
    const { first, weights } = down[y], to = (placed + y * columns + x) * width;
    weights.forEach((weight, i) => {
      const from = ((first + i) * columns + x) * width;
      for (let c = 0; c < width; c++) result[to + c] += weight * wide[from + c];
    });
  }
  return result;
}
