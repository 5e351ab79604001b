// What chooses the map: its kind, block and head.

import { byId, choices } from "./elements.js";
import { KINDS } from "./map_of.js";

const numbers = (count) => Array.from({ length: count }, (_, i) => [i, String(i)]);

/** Put them on the page; state changes with them, then changed(). Returns a function that shows another
 * kind as chosen. */
export function makeControls({ blocks, heads }, state, changed) {
  const set = (name) => (value) => {
    state[name] = value;
    byId("heads").firstElementChild.disabled = !["cls", "query"].includes(state.kind);
    changed();
  };
  state.block = blocks - 1;
  choices(byId("blocks"), "block", numbers(blocks), state.block, set("block"));
  choices(byId("heads"), "head", [[null, "mean"], ...numbers(heads)], null, set("head"));
  return choices(byId("kinds"), "kind", KINDS.map((kind) => [kind, kind]), state.kind, set("kind"));
}
