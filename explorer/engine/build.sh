#!/bin/sh -e
# Compiles kernels.c to simd.wasm and relaxed.wasm, beside this file or in the folder given.
#
#   apt-get install clang-16 lld-16      Debian 12; another version writes other bytes
#   explorer/engine/build.sh
#
# The two files are committed, so that nobody needs a compiler to run the lessons. A test compiles
# them again and compares, where this compiler is installed.
here=$(cd "$(dirname "$0")" && pwd)
to=${1:-$here}
flags="--target=wasm32 -std=c11 -O3 -msimd128 -nostdlib -fno-builtin -Wall -Wextra -Werror
  -fuse-ld=$(command -v wasm-ld-16) -Wl,--no-entry -Wl,--strip-all -Wl,--import-memory
  -Wl,--stack-first -Wl,-z,stack-size=16384 -Wl,--export=__heap_base"
clang-16 $flags "$here/kernels.c" -o "$to/simd.wasm"
clang-16 $flags -DRELAXED -mrelaxed-simd "$here/kernels.c" -o "$to/relaxed.wasm"
