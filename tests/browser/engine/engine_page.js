// What these tests and benchmarks/engine.py call in a page: engines by name, arrays as base64.

import { startEngine } from "../../../explorer/engine/client.js";
import { attentionMap, minMax, normMap, rolloutMap, similarityMap } from "../../../explorer/engine/maps.js";

const engines = {};

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function base64(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** All arrays in an answer as {base64}. */
const packed = (value) => {
  if (ArrayBuffer.isView(value)) return { base64: base64(value) };
  if (Array.isArray(value) || value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, packed(part)]));
};

/** A question with its arrays as base64 → as the engine takes it. */
function unpacked({ image, picture, ...question }) {
  if (image) question.image = { ...image, data: new Uint8ClampedArray(bytesOf(image.data)) };
  if (picture) question.picture = { ...picture, tensor: new Float32Array(bytesOf(picture.tensor).buffer) };
  return question;
}

globalThis.dino = {
  async start(name, code, files) {
    engines[name] = await startEngine(code, files);
    const { arithmetic, sizes, input } = engines[name];
    return { arithmetic, sizes, input };
  },
  stop: (name) => engines[name].stop(),
  ask: async (name, question) => packed(await engines[name].ask(unpacked(question))),
  /** Some maps of one answer, each 0..1: {name: [function, ...arguments]}. */
  async maps(name, question, wanted) {
    const result = await engines[name].ask(unpacked(question));
    const functions = { attentionMap, normMap, rolloutMap, similarityMap };
    return packed(Object.fromEntries(Object.entries(wanted).map(
      ([key, [make, ...rest]]) => [key, minMax(functions[make](result, ...rest))])));
  },
  /** Milliseconds of the network alone, `count` pictures in turn. */
  async time(name, question, count) {
    const times = [];
    for (let i = 0; i < count; i++) {
      const result = await engines[name].ask(unpacked(question));
      times.push(result.milliseconds.network);
      engines[name].giveBack(result);
    }
    return times;
  },
  base64,
};
