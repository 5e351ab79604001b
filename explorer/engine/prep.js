// A photo in, the network's input out: the same levels as helpers' to_tensor, and so as Pillow's.

import { cubic, linear, resizedPart } from "./resize.js";
import { EngineError } from "./weights.js";

/** Python's round: halves to the even neighbour. */
export const roundEven = (x) => Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);

/** What becomes of a photo of some size, for each way to fit it to the network.
 *
 * crop: timm's evaluation transform, short side to size / cropPct, then the middle; squash: to a square,
 * the ratio of its sides lost; whole: nothing lost, sides rounded to whole patches.
 * Returns the filter, `resized` [width, height] of the whole photo and the `part` of it that is seen. */
export function viewOf([width, height], fit, { size, cropPct, interpolation }, patch) {
  const least = Math.min(width, height);
  if (fit === "crop") {
    const short = Math.floor(size / cropPct);
    const resized = [width, height].map((side) => Math.trunc((short * side) / least));
    // Half a pixel less or more here costs 0.1 in a token: timm rounds as Python does.
    const [left, top] = resized.map((side) => roundEven((side - size) / 2));
    const filter = interpolation === "bilinear" ? linear : cubic;
    return { filter, resized, part: { left, top, width: size, height: size } };
  }
  let resized = [size, size];
  if (fit === "whole") {
    resized = [width, height].map((side) => Math.max(1, roundEven((side * (size / least)) / patch)) * patch);
  } else if (fit !== "squash") {
    throw new EngineError(`crop, squash, whole 가운데 하나여야 합니다: ${fit}`, `One of crop, squash, whole: ${fit}`);
  }
  const filter = fit === "whole" ? cubic : linear;
  return { filter, resized, part: { left: 0, top: 0, width: resized[0], height: resized[1] } };
}

/** Bytes, `step` a pixel, → 3 × pixels of float32, normalised in the order that torchvision does it. */
export function toTensor(bytes, step, pixels, { mean, std }) {
  const tensor = new Float32Array(3 * pixels), { fround } = Math;
  for (let c = 0; c < 3; c++) {
    const normalised = (_, level) => fround(fround(level / 255) - fround(mean[c])) / fround(std[c]);
    const levels = Float32Array.from({ length: 256 }, normalised);
    for (let i = 0, at = c; i < pixels; i++, at += step) tensor[c * pixels + i] = levels[bytes[at]];
  }
  return tensor;
}

/** {tensor, height, width} of a photo {data: RGBA bytes, width, height}. */
export function photoTensor(image, fit, input, patch) {
  const { filter, resized, part } = viewOf([image.width, image.height], fit, input, patch);
  const { width, height } = part;
  const bytes = resizedPart(image, filter, resized, part);
  return { tensor: toTensor(bytes, 3, width * height, input), height, width };
}
