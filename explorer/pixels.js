// The explorer's arithmetic in the browser: pure functions that give the same numbers as
// helpers/maps.py and helpers/overlay.py, and the data that Python sent. Nothing here touches a page.

// --- arithmetic -----------------------------------------------------------------------------------

const float32 = Math.fround; // Python counts in 32 bits; so do we, to get the same pixels

/** Smallest and largest of some numbers. */
export function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
}

/** Stretch low..high to 0..1, clipped; a constant map gives zeros. As maps.min_max. */
export function normalise(values, [low, high]) {
  const span = float32(high - low) || 1;
  return Float32Array.from(values, (v) => Math.min(1, Math.max(0, float32(v - low) / span)));
}

/** Which cells a resized line draws from, and how much of each. As Pillow's BILINEAR. */
export function lineWeights(from, to) {
  const scale = from / to, support = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(from, Math.trunc(centre + support + 0.5));
    const weights = [];
    for (let x = first; x < last; x++) {
      weights.push(Math.max(0, 1 - Math.abs((x - centre + 0.5) / support)));
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((w) => w / sum) };
  });
}

/** A map (rows × columns) at width × height pixels, bilinear: first along rows, then columns. */
export function smoothResize(values, [rows, columns], [width, height]) {
  const wide = new Float32Array(rows * width);
  lineWeights(columns, width).forEach(({ first, weights }, x) => {
    for (let y = 0; y < rows; y++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += values[y * columns + first + k] * weights[k];
      wide[y * width + x] = sum;
    }
  });
  const result = new Float32Array(width * height);
  lineWeights(rows, height).forEach(({ first, weights }, y) => {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += wide[(first + k) * width + x] * weights[k];
      result[y * width + x] = sum;
    }
  });
  return result;
}

/** Which cell lies under each of `to` pixels. Pillow's NEAREST adds up its steps, so do we. */
export function nearestCells(from, to) {
  const cells = [];
  for (let i = 0, at = (from / to) * 0.5; i < to; i++, at += from / to) cells.push(Math.trunc(at));
  return cells;
}

/** A map at width × height pixels, each patch one flat rectangle. */
export function flatResize(values, [rows, columns], [width, height]) {
  const xs = nearestCells(columns, width), ys = nearestCells(rows, height);
  const result = new values.constructor(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) result[i++] = values[ys[y] * columns + xs[x]];
  }
  return result;
}

/** 1 for the fewest, largest values that hold a share of the sum of all; negative ones count 0. */
export function keepMass(values, share) {
  const mass = Float64Array.from(values, (v) => Math.max(0, v));
  const total = mass.reduce((a, b) => a + b, 0);
  const order = [...mass.keys()].sort((a, b) => mass[b] - mass[a]);
  const kept = new Uint8Array(values.length).fill(share >= 1 ? 1 : 0);
  for (let i = 0, sum = 0; i < order.length && sum < share * total; i++) {
    kept[order[i]] = 1;
    sum += mass[order[i]];
  }
  return kept;
}

/** Colour the map and lay it over the photo, pixel by pixel. As overlay.blend.
 *
 * photo, map, overlay: RGBA bytes, the last two written; values: 0..1 and kept: 0 or 1, a pixel
 * each; table: 256 × RGB. What is not kept shows the photo alone, and grey in the map. */
export function paint(photo, values, kept, table, alpha, map, overlay) {
  const a = float32(alpha);
  for (let i = 0, p = 0; i < values.length; i++, p += 4) {
    const entry = 3 * Math.min(255, Math.floor(values[i] * 256));
    for (let c = 0; c < 3; c++) {
      map[p + c] = kept[i] ? table[entry + c] : 64;
      // Pillow's Image.blend cuts the fraction off
      overlay[p + c] = kept[i]
        ? Math.trunc(float32(photo[p + c] + float32(a * (table[entry + c] - photo[p + c]))))
        : photo[p + c];
    }
    map[p + 3] = overlay[p + 3] = 255;
  }
}

// --- data -----------------------------------------------------------------------------------------

/** Bytes as Jupyter sends them (a DataView) or as a page of its own holds them (base64). */
export function bytes(x) {
  if (typeof x === "string") return Uint8Array.from(atob(x), (c) => c.charCodeAt(0));
  return new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
}

export const floats = (x) => new Float32Array(bytes(x).slice().buffer);

/** What Python computed for one block, ready to be asked for a map. */
export class Maps {
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

  /** Whether a kind of map is a patch's own. */
  ofPatch(kind) {
    return kind === "query" || kind === "similarity";
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
