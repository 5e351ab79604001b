// Random weights, the same ones here and in Python (explorer/interventions.py): every number comes from
// its place in the file, so neither needs the other's generator.

/** A number's bits well mixed (Wellons' lowbias32): 0 … 2^32 - 1. */
function mixed(x) {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

const uniform = (i) => (mixed(i) + 0.5) / 2 ** 32;

/** Box and Muller's normal number. */
const normal = (i) => Math.sqrt(-2 * Math.log(uniform(2 * i))) * Math.cos(2 * Math.PI * uniform(2 * i + 1));

export const shapesOf = (tensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));

/** Tensors of a network as timm begins it: layers and positions of deviation 0.02, the patch
 * embedding uniform, norms 1, biases 0. */
export function untrainedTensors(shapes) {
  const tensors = {};
  let at = 0;
  for (const name of Object.keys(shapes).sort()) {
    const shape = shapes[name], count = shape.reduce((a, b) => a * b, 1), full = new Float32Array(count);
    if (/norm\d?\.weight$|gamma$/.test(name)) full.fill(1);
    else if (name === "patch_embed.proj.weight") {
      const bound = 1 / Math.sqrt(count / shape[0]);
      for (let i = 0; i < count; i++) full[i] = bound * (2 * uniform(2 * (at + i)) - 1);
    } else if (!name.endsWith("bias")) {
      const deviation = /^(cls|reg)_token$/.test(name) ? 1e-6 : 0.02;
      for (let i = 0; i < count; i++) full[i] = deviation * normal(at + i);
    }
    at += count;
    tensors[name] = { shape, full };
  }
  return tensors;
}
