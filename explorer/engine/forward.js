// The forward pass of a plain timm ViT, on the kernels of wasm.js or kernels.js.

import { QUERIES } from "./kernels.js";
import { resamplePosition } from "./position.js";
import { UNTOUCHED } from "./untouched.js";
import { inputSettings, networkSizes } from "./weights.js";

/** A network in an arithmetic's memory.
 *
 * tensors: of readSafetensors; config: timm's config.json. */
export function buildNetwork(arithmetic, tensors, config) {
  const sizes = networkSizes(tensors, config), input = inputSettings(config);
  const { width, patch, heads, hidden, prefix, placed, headWidth } = sizes;
  const { kernels, reserve } = arithmetic, eps = config.eps ?? 1e-6, pixels = 3 * patch * patch;
  let buffer, top = arithmetic.start;
  const take = (count) => {
    const at = top;
    top += (4 * count + 15) & ~15;
    return at;
  };
  const floats = (at, count) => new Float32Array(buffer, at, count);

  // --- weights: floats from now on, matrices packed as the kernels want them --------------------------
  const countOf = ({ half, full }) => (half ?? full).length;
  const counts = Object.values(tensors).map(countOf), longest = Math.max(...counts);
  const scratch = arithmetic.start + 4 * counts.reduce((sum, count) => sum + count + 64, 0);
  buffer = reserve(scratch + 6 * longest + 64);

  const place = (name, to) => { // a tensor's numbers to an address; how many
    const { half, full } = tensors[name], count = countOf(tensors[name]);
    if (full) floats(to, count).set(full);
    else {
      const raw = scratch + 4 * longest;
      new Uint16Array(buffer, raw, count).set(half);
      kernels.decode(raw, to, count);
    }
    return count;
  };
  const vector = (name) => {
    const at = take(countOf(tensors[name]));
    place(name, at);
    return at;
  };
  /** scale: name of a LayerScale, which is multiplied into the layer before it. */
  const layer = (name, scale) => {
    const [n] = tensors[`${name}.weight`].shape, count = place(`${name}.weight`, scratch), k = count / n;
    const bias = take(n), w = take(count);
    if (`${name}.bias` in tensors) place(`${name}.bias`, bias);
    else floats(bias, n).fill(0);
    if (scale in tensors) {
      floats(w, place(scale, w)).slice().forEach((gamma, j) => {
        const row = floats(scratch + 4 * j * k, k);
        for (let i = 0; i < k; i++) row[i] *= gamma;
        floats(bias, n)[j] *= gamma;
      });
    }
    kernels.pack(scratch, k, w, n, k);
    return { w, bias, n, k };
  };
  const norm = (name) => ({ w: vector(`${name}.weight`), bias: vector(`${name}.bias`) });
  const copied = (name) => floats(scratch, place(name, scratch)).slice();

  const embed = layer("patch_embed.proj"), lastNorm = norm("norm");
  const starts = ["cls_token", "reg_token"].map((name) => name in tensors ? copied(name) : new Float32Array(0));
  const learntPosition = copied("pos_embed");
  const blocks = Array.from({ length: sizes.blocks }, (_, i) => `blocks.${i}`).map((name) => ({
    norm1: norm(`${name}.norm1`), qkv: layer(`${name}.attn.qkv`), proj: layer(`${name}.attn.proj`, `${name}.ls1.gamma`),
    norm2: norm(`${name}.norm2`), fc1: layer(`${name}.mlp.fc1`), fc2: layer(`${name}.mlp.fc2`, `${name}.ls2.gamma`),
  }));
  const weightsEnd = top;

  // --- room for one picture ---------------------------------------------------------------------------
  let room = {};
  function makeRoom(height, width_, kept) {
    const key = [height, width_, kept].join();
    if (room.key === key) return;
    const grid = [Math.ceil(height / patch), Math.ceil(width_ / patch)];
    const n = grid[0] * grid[1] + prefix, np = (n + 7) & ~7, rows = n + 8;
    top = weightsEnd;
    room = {
      key, grid, position: resamplePosition(learntPosition, sizes, grid),
      picture: take(3 * height * width_), columns: take(rows * pixels), x: take(rows * width), y: take(rows * width),
      wide: take(rows * Math.max(hidden, 3 * width)),
      work: take(2 * np * headWidth + (QUERIES + 8) * np),
      // One place for each block that is asked for, and one that the others use in turn.
      kept: Array.from({ length: kept + 1 }, () => (
        { q: take(rows * width), k: take(rows * width), tokens: take(n * width) })),
    };
    buffer = reserve(top + 64 * width);
  }

  const multiply = (from, to, { w, bias, n, k }, rows, add = 0) =>
    kernels.gemm(from, k, w, bias, to, n, rows, n, k, add);

  /** Picture → the first block's input, in room.x; which places have a token, and how many stand before. */
  function embedPatches(tensor, height, width_, { order, masked, removed, cls, position }) {
    const { columns, x, grid } = room, count = grid[0] * grid[1];
    floats(room.picture, tensor.length).set(tensor);
    kernels.patches(room.picture, columns, height, width_, patch);
    const patches = floats(columns, count * pixels);
    if (order) {
      const before = patches.slice();
      order.forEach((from, i) => patches.set(before.subarray(from * pixels, (from + 1) * pixels), i * pixels));
    }
    for (const i of masked) patches.fill(0, i * pixels, (i + 1) * pixels);
    multiply(columns, x + 4 * prefix * width, embed, count);

    const stream = floats(x, (prefix + count) * width);
    stream.set(starts[0]);
    stream.set(starts[1], starts[0].length);
    if (position) {
      const first = (prefix - placed) * width;
      room.position.forEach((value, i) => { stream[first + i] += value; });
    }
    const gone = new Set(removed), places = [...Array(count).keys()].filter((i) => !gone.has(i));
    const rows = [...Array(prefix).keys()].slice(cls ? 0 : 1).concat(places.map((i) => prefix + i));
    rows.forEach((row, to) => { if (row !== to) stream.copyWithin(to * width, row * width, (row + 1) * width); });
    return { places, prefix: prefix - (cls ? 0 : 1) };
  }

  function runBlock(block, slot, n, headsOff) {
    const { x, y, wide, work } = room;
    kernels.norm(x, y, block.norm1.w, block.norm1.bias, n, width, eps);
    multiply(y, wide, block.qkv, n);
    kernels.attend(wide, slot.q, slot.k, y, work, n, heads, headWidth);
    for (const head of headsOff) {
      const found = floats(y, n * width);
      for (let at = head * headWidth; at < found.length; at += width) found.fill(0, at, at + headWidth);
    }
    multiply(y, x, block.proj, n, 1);
    kernels.norm(x, y, block.norm2.w, block.norm2.bias, n, width, eps);
    multiply(y, wide, block.fc1, n);
    kernels.gelu(wide, n * hidden);
    multiply(wide, x, block.fc2, n, 1);
  }

  /** All about one picture (normalised, 3 × height × width).
   *
   * asked: which blocks; those after the last of them are not computed. Returns the grid, how many
   * tokens n there are, `prefix` of them before the patches', the `places` that the others have in the
   * grid, and for each block asked for: tokens after the network's last norm (n × width), q and k
   * (heads × n × headWidth, q times 1 / √headWidth; null where the block is off).
   * With `from`, the number of a token, all blocks up to the last must be asked for, and `rollout` (n) is
   * that token's row of attention rollout through them.
   * Arrays show the network's memory: copy them before the next call. */
  function forward({ tensor, height, width: across }, asked, whatIf = {}, from = null) {
    const change = { ...UNTOUCHED, ...whatIf };
    makeRoom(height, across, asked.length);
    const { places, prefix: before } = embedPatches(tensor, height, across, change);
    const n = before + places.length, result = { grid: room.grid, n, prefix: before, places, blocks: {} };
    for (let i = 0; i <= Math.max(...asked); i++) {
      const index = asked.indexOf(i), slot = room.kept[index < 0 ? asked.length : index];
      const off = slot.off = change.blocksOff.includes(i);
      const headsOff = change.headsOff.filter(([block]) => block === i).map(([, head]) => head);
      if (!off) runBlock(blocks[i], slot, n, headsOff);
      if (index < 0) continue;
      kernels.norm(room.x, slot.tokens, lastNorm.w, lastNorm.bias, n, width, eps);
      result.blocks[i] = {
        tokens: floats(slot.tokens, n * width),
        q: off ? null : floats(slot.q, n * width), k: off ? null : floats(slot.k, n * width),
      };
    }
    if (from !== null) result.rollout = rollout(result.n, from);
    return result;
  }

  /** As helpers' rollout_row: a row of a product of matrices, from the last block back to the first. */
  function rollout(n, from) {
    const row = floats(room.y, n), reached = room.y + 4 * (n + 8);
    row.fill(0)[from] = 1;
    for (const slot of room.kept.slice(0, -1).reverse()) {
      if (slot.off) continue; // nothing but the residual path
      kernels.reach(slot.q, slot.k, room.y, reached, room.work, n, heads, headWidth);
      floats(reached, n).forEach((value, j) => { row[j] = (row[j] + value) / 2; });
    }
    return row;
  }

  return { arithmetic: arithmetic.name, sizes, input, forward };
}
