// The kernels of kernels.c, compiled, as what forward.js computes with.

const PAGE = 65536; // bytes; WebAssembly's memory grows by pages

/** What forward.js computes with, or an error where the page or the browser forbids WebAssembly.
 * `start`: the first free byte. `reserve(bytes)`: the memory, made as large as that. */
export async function wasmArithmetic(name, code) {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const { instance } = await WebAssembly.instantiate(code, { env: { memory } });
  return {
    name, kernels: instance.exports, start: (instance.exports.__heap_base.value + 15) & ~15,
    reserve(bytes) {
      const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
      if (missing > 0) memory.grow(missing);
      return memory.buffer;
    },
  };
}
