// The engine in a worker, so that the page never waits for it. client.js is its other end.

import { buildNetwork } from "./forward.js";
import { plainArithmetic } from "./kernels.js";
import { clsToken, cosine } from "./maps.js";
import { photoTensor, toTensor } from "./prep.js";
import { shapesOf, untrainedTensors } from "./untrained.js";
import { wasmArithmetic } from "./wasm.js";
import { readSafetensors } from "./weights.js";

let network, untrainedNetwork, given, spare = [];
const pictures = new Map(); // the last one of each name

/** Bytes of base64. Browsers that are young enough do it at once; by a function for each of the
 * letters (Uint8Array.from) it would take seconds. */
function decoded(data) {
  if (typeof data !== "string") return new Uint8Array(data);
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(data);
  const letters = atob(data), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/** The fastest arithmetic that this browser and this page allow; `only`: that one or the plain one. */
async function chooseArithmetic({ relaxed, simd, only }) {
  for (const [name, code] of [["relaxed SIMD", relaxed], ["SIMD", simd]]) {
    if (only && only !== name) continue;
    const bytes = decoded(code);
    if (typeof WebAssembly === "undefined" || !WebAssembly.validate(bytes)) continue;
    try {
      return await wasmArithmetic(name, bytes);
    } catch (error) { // the page's content policy has no 'wasm-unsafe-eval'
      console.warn(name, String(error));
    }
  }
  return plainArithmetic();
}

async function start(files) {
  const tensors = readSafetensors(decoded(files.weights).buffer);
  given = { ...files, weights: null, shapes: shapesOf(tensors) };
  network = buildNetwork(await chooseArithmetic(files), tensors, files.config);
  const { arithmetic, sizes, input } = network;
  return { arithmetic, sizes, input };
}

/** The same network before it learnt anything; made when it is first asked for. */
async function untrained() {
  untrainedNetwork ??= buildNetwork(await chooseArithmetic(given), untrainedTensors(given.shapes), given.config);
  return untrainedNetwork;
}

/** A copy that may travel to the page: in a buffer that the page gave back, if one has the size.
 * New ones for each frame would pile up to hundreds of MB before the browser collects them. */
function copied(view) {
  if (!view) return view;
  const at = spare.findIndex((buffer) => buffer.byteLength === view.byteLength);
  const copy = at < 0 ? new Float32Array(view.length) : new Float32Array(spare.splice(at, 1)[0]);
  copy.set(view);
  return copy;
}

/** One picture through the network.
 *
 * image: RGBA, fitted as `fit` says ("ready": it has the network's size already), at the `size` given
 * or the network's own; or picture: a tensor made before; with neither, the last one of that `name`.
 * untrained: by the network with random weights. blocks, whatIf, from: as forward() takes them. compare: the last block's CLS token is compared with
 * the one of the same picture untouched, too. */
async function answer({
  image, fit, size, picture, name = "", blocks, whatIf, from = null, compare = false, untrained: random = false, used = [],
}) {
  spare.push(...used);
  const computing = random ? await untrained() : network, { input, sizes } = computing, began = performance.now(), last = sizes.blocks - 1;
  if (fit === "ready") {
    const { width, height, data } = image;
    picture = { width, height, tensor: toTensor(data, 4, width * height, input) };
  } else if (image) picture = photoTensor(image, fit, { ...input, size: size ?? input.size }, sizes.patch);
  if (picture) pictures.set(name, picture);
  const seen = pictures.get(name);
  const middle = performance.now();
  const before = compare ? clsToken(computing.forward(seen, [last]), last).slice() : null;
  const asked = new Set(blocks ?? Array(sizes.blocks).keys());
  if (compare) asked.add(last);
  const result = computing.forward(seen, [...asked], whatIf, from);
  const milliseconds = { photo: middle - began, network: performance.now() - middle };
  if (compare) {
    const after = clsToken(result, last, sizes.prefix - 1);
    result.cosine = after && cosine(before, after);
  }
  for (const block of Object.values(result.blocks)) {
    for (const part of Object.keys(block)) block[part] = copied(block[part]);
  }
  if (result.rollout) result.rollout = copied(result.rollout);
  spare = [];
  return { ...result, milliseconds };
}

onmessage = async ({ data: { id, files, ...question } }) => {
  try {
    const result = files ? await start(files) : await answer(question);
    const arrays = [result, ...Object.values(result.blocks ?? {})].flatMap(Object.values).filter(ArrayBuffer.isView);
    postMessage({ id, result }, arrays.map((array) => array.buffer));
  } catch (error) {
    postMessage({ id, error: { message: error.message, words: error.words } });
  }
};
