// What forward.js gives → maps, one number a patch; the same numbers as helpers/maps.py.
//
// A map is a Float32Array over the grid, row by row. Places whose token was removed hold NaN.

/** Numbers of the tokens that are there, laid out on the grid. */
function onGrid({ grid, places }, values) {
  const map = new Float32Array(grid[0] * grid[1]).fill(NaN);
  places.forEach((place, i) => { map[place] = values[i]; });
  return map;
}

const tokenOf = ({ n }, { tokens }, i) => tokens.subarray((i * tokens.length) / n, ((i + 1) * tokens.length) / n);

const dot = (a, b) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

export const cosine = (a, b) => dot(a, b) / (Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b)));

/** Which token stands in a place of the grid; null if it was removed. */
export function tokenAt({ places, prefix }, place) {
  const index = places.indexOf(place);
  return index < 0 ? null : prefix + index;
}

/** The CLS token of a block, or null if it was taken away. */
export const clsToken = (result, block, registers = 0) =>
  result.prefix > registers ? tokenOf(result, result.blocks[block], 0) : null;

/** The length of each patch token. */
export function normMap(result, block) {
  return onGrid(result, result.places.map((_, i) => {
    const token = tokenOf(result, result.blocks[block], result.prefix + i);
    return Math.sqrt(dot(token, token));
  }));
}

/** Cosine similarity of each patch token to the one of a place. */
export function similarityMap(result, block, place) {
  const asked = tokenOf(result, result.blocks[block], tokenAt(result, place));
  return onGrid(result, result.places.map(
    (_, i) => cosine(asked, tokenOf(result, result.blocks[block], result.prefix + i))));
}

/** How much one head's token looks at all n tokens: softmax(q kᵀ), q being scaled already. */
export function attentionRow({ n }, { q, k }, heads, head, token) {
  const d = q.length / n / heads, row = new Float32Array(n);
  const asking = q.subarray((head * n + token) * d, (head * n + token + 1) * d);
  let high = -Infinity, sum = 0;
  for (let j = 0, at = head * n * d; j < n; j++) {
    let product = 0;
    for (let c = 0; c < d; c++) product += asking[c] * k[at++];
    row[j] = product;
    high = Math.max(high, product);
  }
  for (let j = 0; j < n; j++) sum += row[j] = Math.exp(row[j] - high);
  for (let j = 0; j < n; j++) row[j] /= sum;
  return row;
}

/** Where a token looks, in one head or (head null) in the mean of some, all by default. */
export function attentionMap(result, block, heads, head, token, counted = null) {
  const asked = head === null ? counted ?? [...Array(heads).keys()] : [head];
  const rows = asked.map((h) => attentionRow(result, result.blocks[block], heads, h, token));
  const mean = (_, i) => rows.reduce((sum, row) => sum + row[result.prefix + i], 0) / rows.length;
  return onGrid(result, result.places.map(mean));
}

/** Attention rollout of the token that the engine was asked for. */
export const rolloutMap = (result) => onGrid(result, result.rollout.subarray(result.prefix));

/** Smallest and largest number of a map. */
export function extent(map) {
  let low = Infinity, high = -Infinity;
  for (const value of map) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** A map stretched to 0..1; a constant one gives zeros. */
export function minMax(map) {
  const [low, high] = extent(map), span = high - low || 1;
  return map.map((value) => (value - low) / span);
}
