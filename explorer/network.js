// The network in the page: asked of the kernel once, or carried by the page, and shared by all explorers.

import { startEngine } from "./engine/client.js";
import { NO_ANSWER, patience } from "./patience.js";
import { bytes } from "./pixels.js";

const MOST = 2; // engines that are kept; each has the network's weights and a worker
const engines = (globalThis.dinoEngines ??= new Map()); // by the network's key

/** What an engine is started with: of the page, or of the kernel. */
function files(model) {
  const held = model.get("network");
  if (held.weights) return Promise.resolve(held);
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      waiting.end();
      model.off("msg:custom", answered);
      settle(value);
    };
    const answered = (message, buffers) => {
      if (message.heard) waiting.heard();
      if (!message.network) return;
      const parts = message.network.map((name, i) => [name, bytes(buffers[i])]);
      end(resolve, { ...held, worker: message.worker, ...Object.fromEntries(parts) });
    };
    const late = () => end(reject, Object.assign(new Error(NO_ANSWER.en), { silent: true, words: NO_ANSWER }));
    const waiting = patience(late);
    model.on("msg:custom", answered);
    model.send({ ask: "network" });
  });
}

async function start(model) {
  const { worker, weights, relaxed, simd, config } = await files(model);
  return startEngine(worker, { weights, relaxed, simd, config });
}

/** The engine of a model's network; the oldest of others goes when there are too many. */
export function engineOf(model) {
  const { key } = model.get("network");
  if (!engines.has(key)) {
    const starting = start(model);
    engines.set(key, starting);
    starting.catch(() => engines.delete(key));
    for (const [old, engine] of [...engines].slice(0, -MOST)) {
      engines.delete(old);
      engine.then(({ stop }) => stop(), () => {});
    }
  }
  return engines.get(key);
}
