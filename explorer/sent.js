// Maps that the kernel computed and sent, a byte a number.

import { extent } from "./engine/maps.js";
import { bytes, floats } from "./pixels.js";

/** What Python computed for one block, ready to be asked for a map. */
export class SentMaps {
  constructor(data) {
    Object.assign(this, data);
    this.count = data.grid[0] * data.grid[1];
    this.norm = floats(data.norm);
    this.cls = floats(data.cls); // rows: mean of heads, head 0, head 1, ...
    this.tables = {};
    for (const name of ["query", "similarity"]) {
      const table = data[name];
      if (!table) continue;
      this.tables[name] = { rows: table.rows, bytes: bytes(table.bytes), ranges: floats(table.ranges) };
    }
    this.asked = {}; // rows that the kernel sent later: "query 17" → Float32Array
  }

  has(block) {
    return block === this.block;
  }

  /** How many rows (mean of heads, then the heads) a kind of map has here. */
  rows(kind) {
    if (kind === "cls" || (kind === "query" && !this.tables.query)) return this.heads + 1;
    return kind === "query" ? this.tables.query.rows : 1;
  }

  /** Values of one map and the range that it shares; null if the kernel must be asked. */
  get(kind, head, patch) {
    const n = this.count;
    if (kind === "norm") return { values: this.norm, shared: extent(this.norm) };
    const row = Math.min(head, this.rows(kind) - 1);
    if (kind === "cls") {
      return { values: this.cls.subarray(row * n, (row + 1) * n), shared: extent(this.cls) };
    }
    const table = this.tables[kind];
    if (!table) {
      const all = this.asked[`${kind} ${patch}`];
      return all ? { values: all.subarray(row * n, (row + 1) * n), shared: extent(all) } : null;
    }
    const line = row * n + patch, [low, high] = table.ranges.subarray(2 * line, 2 * line + 2);
    const values = new Float32Array(n);
    for (let i = 0; i < n; i++) values[i] = low + (table.bytes[line * n + i] * (high - low)) / 255;
    let ranges = table.ranges; // of all patches; of attention, the heads of this patch
    if (kind === "query") {
      ranges = [];
      for (let r = 0; r < table.rows; r++) {
        ranges.push(...table.ranges.subarray(2 * (r * n + patch), 2 * (r * n + patch) + 2));
      }
    }
    return { values, shared: extent(ranges) };
  }
}
