// A network's file and settings in; named tensors and sizes out.

/** A thing that cannot be done, in two languages. */
export class EngineError extends Error {
  constructor(ko, en) {
    super(`${ko}\n${en}`);
    this.words = { ko, en };
  }
}

const notPlain = (what) => new EngineError(
  `이 엔진은 timm의 기본 ViT만 계산합니다: ${what}`, `This engine computes timm's plain ViT only: ${what}`);

/** {name: {shape, half: Uint16Array} or {shape, full: Float32Array}} of a safetensors file's bytes. */
export function readSafetensors(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true)), start = 8 + length;
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  delete header.__metadata__;
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(header)) {
    if (dtype !== "F16" && dtype !== "F32") throw notPlain(`${name} ${dtype}`);
    const bytes = buffer.slice(start + from, start + to); // a file may hold numbers at odd addresses
    tensors[name] = dtype === "F16"
      ? { shape, half: new Uint16Array(bytes) } : { shape, full: new Float32Array(bytes) };
  }
  return tensors;
}

/** How a network wants its pictures: of timm's config.json or a model's pretrained_cfg. */
export function inputSettings(config) {
  const given = config.pretrained_cfg ?? {};
  return {
    size: (given.input_size ?? [3, 224, 224])[1], cropPct: given.crop_pct ?? 0.9,
    interpolation: given.interpolation ?? "bicubic",
    mean: given.mean ?? [0.485, 0.456, 0.406], std: given.std ?? [0.229, 0.224, 0.225],
  };
}

/** Sizes of the network, read off its tensors; only the number of heads is not in them.
 * A file with a tensor that the engine would not use is refused: its numbers would be wrong. */
export function networkSizes(tensors, config) {
  const shape = (name) => {
    if (!(name in tensors)) throw notPlain(`${name} ?`);
    return tensors[name].shape;
  };
  const [width, , patch] = shape("patch_embed.proj.weight");
  let blocks = 0;
  while (`blocks.${blocks}.norm1.weight` in tensors) blocks++;
  const registers = "reg_token" in tensors ? shape("reg_token")[1] : 0, prefix = 1 + registers;
  const positions = shape("pos_embed")[1];
  // Some networks give the CLS token no position; then the patches' alone make a square.
  const placed = Number.isInteger(Math.sqrt(positions)) ? 0 : prefix;
  const heads = config.model_args?.num_heads ?? width / 64; // 64 numbers a head is ViT's habit
  const hidden = shape("blocks.0.mlp.fc1.weight")[0];
  const sizes = {
    width, patch, blocks, heads, hidden, prefix, placed, headWidth: width / heads,
    side: Math.sqrt(positions - placed), // of the square grid that it learnt with
  };
  if (![heads, sizes.headWidth / 8, width / 8, hidden / 8, sizes.side].every(Number.isInteger)) {
    throw notPlain(JSON.stringify(sizes));
  }
  const known = new RegExp(
    "^(cls_token|reg_token|pos_embed|patch_embed\\.proj\\.(weight|bias)|norm\\.(weight|bias)|head\\.(weight|bias)"
    + "|blocks\\.\\d+\\.((norm[12]|attn\\.(qkv|proj)|mlp\\.fc[12])\\.(weight|bias)|ls[12]\\.gamma))$");
  const strange = Object.keys(tensors).find((name) => !known.test(name));
  if (strange) throw notPlain(strange);
  if (shape("blocks.0.mlp.fc2.weight")[1] !== hidden) throw notPlain("blocks.0.mlp"); // a gate between
  shape("cls_token");
  shape("norm.weight");
  return sizes;
}
