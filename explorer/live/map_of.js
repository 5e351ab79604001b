// Which map the choices on the page mean.

import { attentionMap, minMax, normMap, rolloutMap, similarityMap, tokenAt } from "../engine/maps.js";
import { say } from "./words.js";

export const KINDS = ["cls", "query", "similarity", "norm", "rollout"];

/** Whether a kind of map is about one chosen patch. */
export const asksPatch = (kind) => kind === "query" || kind === "similarity";

/** {values}, a number a patch, or {word} that says why there are none.
 *
 * result: the engine's; state: kind, block, head (null: mean), place; sizes: the network's. */
export function valuesOf(result, { kind, block, head, place }, sizes) {
  const cls = result.prefix === sizes.prefix;
  if (asksPatch(kind) && tokenAt(result, place) === null) return { word: "gone" };
  if ((kind === "cls" || kind === "rollout") && !cls) return { word: "noCls_map" };
  if ((kind === "cls" || kind === "query") && result.blocks[block].q === null) return { word: "blockOff" };
  const values = {
    norm: () => normMap(result, block),
    similarity: () => similarityMap(result, block, place),
    cls: () => attentionMap(result, block, sizes.heads, head, 0),
    query: () => attentionMap(result, block, sizes.heads, head, tokenAt(result, place)),
    rollout: () => rolloutMap(result),
  }[kind]();
  return { values };
}

/** The same, stretched to 0..1: {map} or {word}. */
export function mapOf(result, state, sizes) {
  const { values, word } = valuesOf(result, state, sizes);
  return { map: values && minMax(values), word };
}

/** "CLS attention · Block 5 · Head mean": the choices in words. */
export function describe({ kind, block, head, place }, [, columns]) {
  const parts = [say(kind)];
  if (kind !== "rollout") parts.push(`${say("block")} ${block}`);
  if (kind === "cls" || kind === "query") parts.push(`${say("head")} ${head ?? say("mean")}`);
  if (asksPatch(kind)) {
    parts.push(`${say("row")} ${Math.floor(place / columns)} ${say("column")} ${place % columns}`);
  }
  return parts.join(" · ");
}
