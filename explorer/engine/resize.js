// Pillow's way to change the size of a picture: from which pixels each new one is mixed.

/** Keys' cubic with a = -0.5, as Pillow's BICUBIC (and torch's, if antialiased) takes it. */
export const cubic = {
  reach: 2,
  at(x) {
    x = Math.abs(x);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
  },
};

export const linear = { reach: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) };

/** For each of `to` new pixels: the first old one it draws from, and the weights, whose sum is 1. */
export function lineOf(filter, from, to) {
  const scale = from / to, stretch = Math.max(1, scale), reach = filter.reach * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale, weights = [];
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const last = Math.min(from, Math.trunc(centre + reach + 0.5));
    for (let x = first; x < last; x++) weights.push(filter.at((x - centre + 0.5) / stretch));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** A line's weights in Pillow's fixed point: whole numbers, 2^22 being 1. */
const fixed = (line) => line.map(({ first, weights }) => ({
  first, weights: Int32Array.from(weights, (w) => Math.trunc(w * 2 ** 22 + (w < 0 ? -0.5 : 0.5))),
}));

const level = (sum) => Math.min(255, Math.max(0, sum >> 22));

/** Part of a picture at another size, the same bytes as Pillow's Image.resize.
 *
 * image: {data: RGBA bytes, width, height}; resized: [width, height] it would get as a whole;
 * part: {left, top, width, height} of that, the only pixels computed. Returns RGB bytes. */
export function resizedPart({ data, width, height }, filter, resized, part) {
  const across = fixed(lineOf(filter, width, resized[0])).slice(part.left, part.left + part.width);
  const down = fixed(lineOf(filter, height, resized[1])).slice(part.top, part.top + part.height);
  const begin = down[0].first, end = down.at(-1).first + down.at(-1).weights.length;
  const line = 3 * part.width, wide = new Uint8Array(line * (end - begin));
  for (let y = begin, to = 0; y < end; y++) {
    for (const { first, weights } of across) {
      let red = 1 << 21, green = 1 << 21, blue = 1 << 21; // one half, to round
      for (let i = 0, at = 4 * (y * width + first); i < weights.length; i++, at += 4) {
        const weight = weights[i];
        red += data[at] * weight;
        green += data[at + 1] * weight;
        blue += data[at + 2] * weight;
      }
      wide[to++] = level(red);
      wide[to++] = level(green);
      wide[to++] = level(blue);
    }
  }
  const result = new Uint8Array(line * part.height);
  down.forEach(({ first, weights }, y) => {
    for (let x = 0; x < line; x++) {
      let sum = 1 << 21;
      for (let i = 0, at = (first - begin) * line + x; i < weights.length; i++, at += line) {
        sum += wide[at] * weights[i];
      }
      result[y * line + x] = level(sum);
    }
  });
  return result;
}
