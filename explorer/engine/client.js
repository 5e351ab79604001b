// The page's end of the engine: starts the worker, asks it, hands its buffers back.

/** All arrays of an answer. */
const arraysOf = (result) =>
  [result, ...Object.values(result.blocks)].flatMap(Object.values).filter(ArrayBuffer.isView);

/** Start an engine.
 *
 * code: the worker's whole text (no file is fetched, so it works in a page from disk); files:
 * {weights, relaxed, simd: base64 or ArrayBuffer, config: timm's config.json}. Resolves when the
 * network is ready, with its `sizes` and `input` and the name of the `arithmetic` it found. */
export async function startEngine(code, files) {
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(address), waiting = new Map();
  let last = 0, used = [];

  const send = (message, transfer = []) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject });
    worker.postMessage({ id: last, ...message }, transfer);
  });
  const fail = (error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.onerror = (event) => fail(new Error(event.message || "worker"));
  worker.onmessage = ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(Object.assign(new Error(error.message), { words: error.words }));
    else resolve(result);
  };

  let ready;
  try {
    ready = await send({ files });
  } finally {
    URL.revokeObjectURL(address);
  }
  return {
    ...ready,
    /** See worker.js's answer() for what may be asked; the image's pixels move to the worker. */
    ask(question) {
      const transfer = [...used, ...(question.image ? [question.image.data.buffer] : [])];
      const message = { ...question, used };
      used = [];
      return send(message, transfer);
    },
    /** An answer that is no longer needed: its memory carries the next one. */
    giveBack(result) {
      used.push(...arraysOf(result).map((array) => array.buffer));
    },
    stop() {
      worker.terminate();
      fail(new Error("stopped"));
    },
  };
}
