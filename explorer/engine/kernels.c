// The arithmetic of a Vision Transformer in WebAssembly SIMD.
//
// No C library and no memory of its own: forward.js hands out the memory and calls these functions in
// order. kernels.js holds the very same functions in plain JavaScript, for browsers without SIMD.
// build.sh compiles this file twice; with -DRELAXED it uses fused multiply-add (one rounding, not
// two), which is faster on some processors and as fast on others.
//
// All matrices are row-major floats. "ld" is how many floats lie between the starts of two rows.

#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))

typedef v128_t vec; // four floats

#define ADD wasm_f32x4_add
#define SUB wasm_f32x4_sub
#define MUL wasm_f32x4_mul
#define ALL wasm_f32x4_splat
#define LOAD(from) wasm_v128_load(from)
#define STORE(to, x) wasm_v128_store(to, x)
#ifdef RELAXED
#define MULTIPLY_ADD(a, b, c) __builtin_wasm_relaxed_madd_f32x4(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ADD(MUL(a, b), c)
#endif

// A matrix product keeps ROWS × 8 sums in registers, as many as x86's 15 (V8 keeps one of the 16 for
// itself) hold beside two vectors of weights, a number of a, and, where it takes two steps, a product.
#ifdef RELAXED
#define ROWS 6
#else
#define ROWS 5
#endif
// In this order, not in clang's, which loads all of a's numbers first: too many for the registers.
#define IN_ORDER(x, y) __asm__ volatile("" : "+r"(x), "+r"(y)::"memory")

static inline float sum_of(vec x) {
  return wasm_f32x4_extract_lane(x, 0) + wasm_f32x4_extract_lane(x, 1) +
         wasm_f32x4_extract_lane(x, 2) + wasm_f32x4_extract_lane(x, 3);
}

// --- weights --------------------------------------------------------------------------------------

// IEEE halves → floats. The exponent's offset is 15 in one and 127 in the other: shifted into place,
// a multiplication by 2^112 makes up for it, and turns subnormals into what they mean, too.
EXPORT(decode)
void decode(const uint16_t *from, float *to, int count) {
  for (int i = 0; i < count; i++) {
    union { uint32_t bits; float value; } out, scale = {(127u + 112) << 23};
    out.bits = (uint32_t)(from[i] & 0x7fff) << 13;
    out.value *= scale.value;
    if ((from[i] & 0x7fff) >= 0x7c00) out.bits |= 0xffu << 23; // infinite, or not a number
    out.bits |= (uint32_t)(from[i] & 0x8000) << 16;
    to[i] = out.value;
  }
}

// A layer's weights, n × k as PyTorch stores them → panels of 8 outputs, [n / 8][k][8], so that a
// matrix product walks through them from front to back. Outputs from n on are 0.
EXPORT(pack)
void pack(const float *from, int ld, float *to, int n, int k) {
  for (int j = 0; j < n; j += 8)
    for (int p = 0; p < k; p++)
      for (int c = 0; c < 8; c++) *to++ = j + c < n ? from[(j + c) * ld + p] : 0;
}

// --- layers ---------------------------------------------------------------------------------------

// Picture (3 × height × width) → a row of 3 · p · p numbers for each patch, in the order of the patch
// convolution's weights. Patches that reach over the right or lower edge get zeros there, as timm pads.
EXPORT(patches)
void patches(const float *picture, float *to, int height, int width, int p) {
  for (int top = 0; top < height; top += p)
    for (int left = 0; left < width; left += p)
      for (int c = 0; c < 3; c++)
        for (int y = top; y < top + p; y++)
          for (int x = left; x < left + p; x++)
            *to++ = y < height && x < width ? picture[(c * height + y) * width + x] : 0;
}

// c (m × n) = a (m × k) · b + bias; with add, c += that. b is packed, bias may be null. Rows up to the
// next multiple of ROWS are read and written as well, so there must be room for them.
EXPORT(gemm)
void gemm(const float *a, int lda, const float *b, const float *bias, float *c, int ldc, int m, int n,
          int k, int add) {
  for (int j = 0; j < n; j += 8, b += 8 * k) {
    const vec bias0 = bias ? LOAD(bias + j) : ALL(0), bias1 = bias ? LOAD(bias + j + 4) : ALL(0);
    for (int i = 0; i < m; i += ROWS) {
      const float *w = b, *x[ROWS];
      vec sum0[ROWS], sum1[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) x[r] = a + (i + r) * lda, sum0[r] = bias0, sum1[r] = bias1;
#pragma clang loop unroll(disable)
      for (int p = 0; p < k; p++, w += 8) {
        const vec w0 = LOAD(w), w1 = LOAD(w + 4);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
          const vec y = wasm_v128_load32_splat(x[r]++);
          sum0[r] = MULTIPLY_ADD(y, w0, sum0[r]);
          sum1[r] = MULTIPLY_ADD(y, w1, sum1[r]);
          IN_ORDER(sum0[r], sum1[r]);
        }
      }
      float *out = c + i * ldc + j;
#pragma unroll
      for (int r = 0; r < ROWS; r++, out += ldc) {
        STORE(out, add ? ADD(sum0[r], LOAD(out)) : sum0[r]);
        STORE(out + 4, add ? ADD(sum1[r], LOAD(out + 4)) : sum1[r]);
      }
    }
  }
}

// LayerNorm of m rows of d numbers.
EXPORT(norm)
void norm(const float *x, float *y, const float *weight, const float *bias, int m, int d, float eps) {
  for (; m--; x += d, y += d) {
    vec sum = ALL(0), squares = ALL(0);
    for (int i = 0; i < d; i += 4) sum = ADD(sum, LOAD(x + i));
    const vec mean = ALL(sum_of(sum) / d);
    for (int i = 0; i < d; i += 4) {
      const vec off = SUB(LOAD(x + i), mean);
      squares = MULTIPLY_ADD(off, off, squares);
    }
    const vec scale = ALL(1 / __builtin_sqrtf(sum_of(squares) / d + eps));
    for (int i = 0; i < d; i += 4) {
      const vec z = MUL(SUB(LOAD(x + i), mean), scale);
      STORE(y + i, MULTIPLY_ADD(z, LOAD(weight + i), LOAD(bias + i)));
    }
  }
}

// e^x for x ≤ 0, about one unit in the last place (the polynomial is that of Cephes' expf). Below -60
// the result is e^-60, which is 0 beside 1: smaller numbers would be denormal, and those are slow.
static inline vec exp_of(vec x) {
  x = wasm_f32x4_pmax(x, ALL(-60));
  const vec magic = ALL(12582912); // 1.5 · 2^23: adding it rounds to a whole number, in the low bits
  const vec shifted = MULTIPLY_ADD(x, ALL(1.44269504f), magic), n = SUB(shifted, magic);
  vec r = MULTIPLY_ADD(n, ALL(-0.693359375f), x); // x - n · ln 2, in two steps
  r = MULTIPLY_ADD(n, ALL(2.12194440e-4f), r);
  vec p = ALL(1.9875691500e-4f);
  p = MULTIPLY_ADD(p, r, ALL(1.3981999507e-3f));
  p = MULTIPLY_ADD(p, r, ALL(8.3334519073e-3f));
  p = MULTIPLY_ADD(p, r, ALL(4.1665795894e-2f));
  p = MULTIPLY_ADD(p, r, ALL(1.6666665459e-1f));
  p = MULTIPLY_ADD(p, r, ALL(5.0000001201e-1f));
  p = ADD(MULTIPLY_ADD(p, MUL(r, r), r), ALL(1));
  return wasm_i32x4_add(p, wasm_i32x4_shl(shifted, 23)); // times 2^n, straight into the exponent
}

// Exact GELU, x · Φ(x), not tanh's likeness of it, which is off by 3e-3 after six blocks. erf as in
// Abramowitz & Stegun 7.1.26, off by at most 1.5e-7.
EXPORT(gelu)
void gelu(float *x, int count) {
  for (int i = 0; i < count; i += 4) {
    const vec a = LOAD(x + i), z = MUL(wasm_f32x4_abs(a), ALL(0.70710678118f));
    const vec t = wasm_f32x4_div(ALL(1), MULTIPLY_ADD(z, ALL(0.3275911f), ALL(1)));
    vec p = ALL(1.061405429f);
    p = MULTIPLY_ADD(p, t, ALL(-1.453152027f));
    p = MULTIPLY_ADD(p, t, ALL(1.421413741f));
    p = MULTIPLY_ADD(p, t, ALL(-0.284496736f));
    p = MULTIPLY_ADD(p, t, ALL(0.254829592f));
    const vec tail = MUL(MUL(p, t), exp_of(MUL(z, wasm_f32x4_neg(z)))); // 1 - erf(|z|) = 2 Φ(-|a|)
    const vec twice_phi = wasm_v128_bitselect(tail, SUB(ALL(2), tail), wasm_f32x4_lt(a, ALL(0)));
    STORE(x + i, MUL(MUL(a, ALL(0.5f)), twice_phi));
  }
}

// Softmax of m rows of n numbers, ld apart; ld is a multiple of 4, and what lies past n becomes 0.
static void softmax(float *x, int m, int n, int ld) {
  for (; m--; x += ld) {
    for (int i = n; i < ld; i++) x[i] = -1e30f;
    vec highest = LOAD(x), sum = ALL(0);
    for (int i = 4; i < ld; i += 4) highest = wasm_f32x4_pmax(highest, LOAD(x + i));
    float high = wasm_f32x4_extract_lane(highest, 0);
    for (int lane = 1; lane < 4; lane++) {
      const float other = ((const float *)&highest)[lane];
      if (other > high) high = other;
    }
    for (int i = 0; i < ld; i += 4) {
      const vec e = exp_of(SUB(LOAD(x + i), ALL(high)));
      STORE(x + i, e);
    }
    for (int i = n; i < ld; i++) x[i] = 0;
    for (int i = 0; i < ld; i += 4) sum = ADD(sum, LOAD(x + i));
    const vec scale = ALL(1 / sum_of(sum));
    for (int i = 0; i < ld; i += 4) STORE(x + i, MUL(LOAD(x + i), scale));
  }
}

// Self-attention of one block, all heads: qkv is n rows of (q, k, v) × heads × d; out is n rows of
// heads × d. Of the n × n weights only QUERIES rows are there at a time, and none is kept: q (already
// times 1 / √d) and k are, each [heads][n][d], from which any row can be worked out again.
// work: room for 2 · np · d + (QUERIES + 8) · np floats, np being n rounded up to a multiple of 8.
#define QUERIES 96 // rows at a time
EXPORT(attend)
void attend(const float *qkv, float *q, float *k, float *out, float *work, int n, int heads, int d) {
  const int width = heads * d, np = (n + 7) & ~7;
  float *keys = work, *values = keys + np * d, *scores = values + np * d;
  const vec scale = ALL(1 / __builtin_sqrtf(d));
  for (int h = 0; h < heads; h++, q += n * d, k += n * d) {
    for (int i = 0; i < np; i++) { // values are packed on the way: [d / 8][np][8]
      const float *from = qkv + i * 3 * width + h * d;
      for (int c = 0; c < d; c += 4) {
        float *value = values + ((c >> 3) * np + i) * 8 + (c & 4);
        STORE(value, i < n ? LOAD(from + 2 * width + c) : ALL(0));
        if (i >= n) continue;
        STORE(q + i * d + c, MUL(LOAD(from + c), scale));
        STORE(k + i * d + c, LOAD(from + width + c));
      }
    }
    pack(k, d, keys, n, d);
    for (int i = 0; i < n; i += QUERIES) {
      const int m = n - i < QUERIES ? n - i : QUERIES;
      gemm(q + i * d, d, keys, 0, scores, np, m, np, d, 0);
      softmax(scores, m, n, np);
      gemm(scores, np, values, 0, out + i * width + h * d, width, m, d, np, 0);
    }
  }
}

// One step of attention rollout: out (n) = what the tokens' weights (n) become when each token is
// replaced by what it looks at, mean over heads. q and k as from attend; work as there.
EXPORT(reach)
void reach(const float *q, const float *k, const float *weights, float *out, float *work, int n,
           int heads, int d) {
  const int np = (n + 7) & ~7;
  float *keys = work, *scores = keys + np * d;
  for (int j = 0; j < n; j++) out[j] = 0;
  for (int h = 0; h < heads; h++, q += n * d, k += n * d) {
    pack(k, d, keys, n, d);
    for (int i = 0; i < n; i += QUERIES) {
      const int m = n - i < QUERIES ? n - i : QUERIES;
      gemm(q + i * d, d, keys, 0, scores, np, m, np, d, 0);
      softmax(scores, m, n, np);
      for (int r = 0; r < m; r++)
        for (int j = 0; j < n; j++) out[j] += weights[i + r] / heads * scores[r * np + j];
    }
  }
}
