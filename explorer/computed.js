// Maps worked out in the page, from the tokens, queries and keys of every block.

import { extent } from "./engine/maps.js";
import { asksPatch, valuesOf } from "./live/map_of.js";
import { bytes } from "./pixels.js";

/** One of 65,536 half-precision numbers. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, part = bits & 1023;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + part / 1024) : part * 2 ** -24);
}

/** What network.tokens() in Python packed → as the engine answers, and the sizes it takes. */
export function unpacked({ grid, n, prefix, heads, blocks }) {
  const table = Float32Array.from({ length: 65536 }, (_, bits) => half(bits));
  const floats = (packed) => Float32Array.from(new Uint16Array(bytes(packed).slice().buffer), (bits) => table[bits]);
  const read = (block) => Object.fromEntries(Object.entries(block).map(([name, packed]) => [name, floats(packed)]));
  const places = [...Array(grid[0] * grid[1]).keys()];
  const result = { grid, n, prefix, places, blocks: Object.fromEntries(blocks.map((block, i) => [i, read(block)])) };
  return { result, sizes: { heads, prefix, blocks: blocks.length } };
}

const MANY = 1024; // patches; the similarity of so many to all others takes seconds

/** The maps of one answer of the engine. As SentMaps, but of any of its blocks. */
export class ComputedMaps {
  constructor(result, sizes, block) {
    Object.assign(this, { result, sizes, block, grid: result.grid, blocks: sizes.blocks, left_out: [], asked: {}, all: true });
  }

  has(block) {
    return block in this.result.blocks;
  }

  rows(kind) {
    return kind === "cls" || kind === "query" ? this.sizes.heads + 1 : 1;
  }

  /** {values} or {word}, why not; head: 0 for the mean, then the heads. */
  row(kind, head, place) {
    return valuesOf(this.result, { kind, block: this.block, head: head ? head - 1 : null, place }, this.sizes);
  }

  /** Values of one map, and the range that it shares; {word} that says why there is none. */
  get(kind, head, patch) {
    const found = this.row(kind, Math.min(head, this.rows(kind) - 1), patch), all = this;
    return found.word ? found : { values: found.values, get shared() { return all.shared(kind, patch, found.values); } };
  }

  /** As Python's: of attention all heads; of similarity all patches, or this one if they are many. */
  shared(kind, patch, own) {
    const { places } = this.result;
    const ranges = kind === "similarity" && places.length <= MANY
      ? places.map((place) => extent(this.row(kind, 0, place).values))
      : [...Array(this.rows(kind)).keys()].map((head) => extent(asksPatch(kind) && kind !== "query"
        ? own : this.row(kind, head, patch).values));
    return extent(ranges.flat());
  }
}
