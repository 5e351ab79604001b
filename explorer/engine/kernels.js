// The functions of kernels.c in plain JavaScript, for browsers that have no WebAssembly SIMD or pages
// that forbid it. Same names, same arguments: an address is a byte of one memory, as in WebAssembly.
// About ten times as slow; a photo still takes less than a second.

export const QUERIES = 96; // rows of attention at a time, as in kernels.c

const halves = () => { // all 65,536 of them
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31, fraction = (bits & 1023) / 1024;
    let value = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
    if (exponent === 31) value = fraction ? NaN : Infinity;
    table[bits] = bits & 0x8000 ? -value : value;
  }
  return table;
};

/** What forward.js computes with; see wasm.js for the same in WebAssembly. */
export function plainArithmetic() {
  let buffer = new ArrayBuffer(0), heap = new Float32Array(buffer), table;

  function reserve(bytes) {
    if (bytes <= buffer.byteLength) return buffer;
    const old = new Uint8Array(buffer);
    buffer = new ArrayBuffer((bytes + 3) & ~3);
    new Uint8Array(buffer).set(old);
    heap = new Float32Array(buffer);
    return buffer;
  }

  function decode(from, to, count) {
    table ??= halves();
    const half = new Uint16Array(buffer, from, count);
    for (let i = 0, at = to >> 2; i < count; i++) heap[at + i] = table[half[i]];
  }

  function pack(from, ld, to, n, k) {
    for (let j = 0, at = to >> 2, first = from >> 2; j < n; j += 8) {
      for (let p = 0; p < k; p++) {
        for (let c = 0; c < 8; c++) heap[at++] = j + c < n ? heap[first + (j + c) * ld + p] : 0;
      }
    }
  }

  function patches(picture, to, height, width, p) {
    let out = to >> 2;
    const from = picture >> 2;
    for (let top = 0; top < height; top += p) for (let left = 0; left < width; left += p) {
      for (let c = 0; c < 3; c++) for (let y = top; y < top + p; y++) {
        for (let x = left; x < left + p; x++) {
          heap[out++] = y < height && x < width ? heap[from + (c * height + y) * width + x] : 0;
        }
      }
    }
  }

  /** 3 × 4 sums at a time, in double precision. A multiple of 3 rows is read and written. */
  function gemm(a, lda, b, bias, c, ldc, m, n, k, add) {
    const rows = a >> 2, out = c >> 2, offset = bias >> 2;
    for (let j = 0; j < n; j += 4) {
      const panel = (b >> 2) + (j >> 3) * 8 * k + (j & 4);
      for (let i = 0; i < m; i += 3) {
        let r0 = rows + i * lda, r1 = r0 + lda, r2 = r1 + lda, w = panel;
        let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
        let s20 = 0, s21 = 0, s22 = 0, s23 = 0;
        for (const end = r0 + k; r0 < end; r0++, r1++, r2++, w += 8) {
          const w0 = heap[w], w1 = heap[w + 1], w2 = heap[w + 2], w3 = heap[w + 3];
          const x0 = heap[r0], x1 = heap[r1], x2 = heap[r2];
          s00 += x0 * w0; s01 += x0 * w1; s02 += x0 * w2; s03 += x0 * w3;
          s10 += x1 * w0; s11 += x1 * w1; s12 += x1 * w2; s13 += x1 * w3;
          s20 += x2 * w0; s21 += x2 * w1; s22 += x2 * w2; s23 += x2 * w3;
        }
        const sums = [s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23];
        for (let r = 0, s = 0; r < 3; r++) {
          for (let x = 0, at = out + (i + r) * ldc + j; x < 4; x++, at++, s++) {
            heap[at] = sums[s] + (bias ? heap[offset + j + x] : 0) + (add ? heap[at] : 0);
          }
        }
      }
    }
  }

  function norm(from, to, weight, bias, m, d, eps) {
    const w = weight >> 2, b = bias >> 2;
    for (let x = from >> 2, y = to >> 2, row = 0; row < m; row++, x += d, y += d) {
      let mean = 0, squares = 0;
      for (let i = 0; i < d; i++) mean += heap[x + i];
      mean /= d;
      for (let i = 0; i < d; i++) squares += (heap[x + i] - mean) ** 2;
      const scale = 1 / Math.sqrt(squares / d + eps);
      for (let i = 0; i < d; i++) heap[y + i] = (heap[x + i] - mean) * scale * heap[w + i] + heap[b + i];
    }
  }

  function gelu(from, count) { // erf as in kernels.c
    for (let i = from >> 2, end = i + count; i < end; i++) {
      const a = heap[i], z = Math.abs(a) * Math.SQRT1_2, t = 1 / (1 + 0.3275911 * z);
      const p = 0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)));
      const tail = t * p * Math.exp(-z * z);
      heap[i] = 0.5 * a * (a < 0 ? tail : 2 - tail);
    }
  }

  function softmax(from, m, n, ld) {
    for (let x = from >> 2, row = 0; row < m; row++, x += ld) {
      let high = -Infinity, sum = 0;
      for (let i = x; i < x + n; i++) high = Math.max(high, heap[i]);
      for (let i = x; i < x + n; i++) sum += heap[i] = Math.exp(heap[i] - high);
      for (let i = x; i < x + n; i++) heap[i] /= sum;
      heap.fill(0, x + n, x + ld);
    }
  }

  function attend(qkv, q, k, out, work, n, heads, d) {
    const width = heads * d, np = (n + 7) & ~7, root = Math.sqrt(d);
    const keys = work, values = keys + 4 * np * d, scores = values + 4 * np * d;
    for (let h = 0; h < heads; h++, q += 4 * n * d, k += 4 * n * d) {
      for (let i = 0; i < np; i++) {
        const from = (qkv >> 2) + i * 3 * width + h * d;
        for (let c = 0; c < d; c++) {
          heap[(values >> 2) + ((c >> 3) * np + i) * 8 + (c & 7)] = i < n ? heap[from + 2 * width + c] : 0;
          if (i >= n) continue;
          heap[(q >> 2) + i * d + c] = heap[from + c] / root;
          heap[(k >> 2) + i * d + c] = heap[from + width + c];
        }
      }
      pack(k, d, keys, n, d);
      for (let i = 0; i < n; i += QUERIES) {
        const m = Math.min(QUERIES, n - i);
        gemm(q + 4 * i * d, d, keys, 0, scores, np, m, np, d, 0);
        softmax(scores, m, n, np);
        gemm(scores, np, values, 0, out + 4 * (i * width + h * d), width, m, d, np, 0);
      }
    }
  }

  function reach(q, k, weights, out, work, n, heads, d) {
    const np = (n + 7) & ~7, keys = work, scores = keys + 4 * np * d, o = out >> 2;
    heap.fill(0, o, o + n);
    for (let h = 0; h < heads; h++, q += 4 * n * d, k += 4 * n * d) {
      pack(k, d, keys, n, d);
      for (let i = 0; i < n; i += QUERIES) {
        const m = Math.min(QUERIES, n - i);
        gemm(q + 4 * i * d, d, keys, 0, scores, np, m, np, d, 0);
        softmax(scores, m, n, np);
        for (let r = 0; r < m; r++) {
          const weight = heap[(weights >> 2) + i + r] / heads, s = (scores >> 2) + r * np;
          for (let j = 0; j < n; j++) heap[o + j] += weight * heap[s + j];
        }
      }
    }
  }

  return {
    name: "JavaScript", start: 16, reserve, // an address of 0 means "none"
    kernels: { decode, pack, patches, gemm, norm, gelu, attend, reach },
  };
}
