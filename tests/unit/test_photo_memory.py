"""Reading a photo takes no more memory than helpers.formats says, whatever its size.

Each file is read in a process of its own, whose memory then has grown by what the photo took.
"""

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from helpers import formats

ROOT = Path(__file__).resolve().parents[2]
READ = """
import re, sys
from helpers.photos import PhotoError, load_photo
load_photo("cat.jpg")  # what is loaded once is not the photo's
def most():  # not getrusage, which starts with what the process had that started this one
    return int(re.search("VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
before = most()
try:
    print(*load_photo(sys.argv[1]).size)
except PhotoError as error:
    print(str(error).splitlines()[1])
print(most() - before)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is told by /proc")


def scan(side, colour):
    """A JPEG of side × side pixels, from one row of blocks, again and again."""
    row = io.BytesIO()
    Image.new("RGB", (side, 16), colour).save(row, "JPEG", restart_marker_rows=1)
    data = bytearray(row.getvalue())
    size = data.index(b"\xff\xc0")
    data[size + 5 : size + 7] = side.to_bytes(2)
    start = data.index(b"\xff\xda") + 14
    rows = side // 16
    body = b"".join(data[start:-2] + bytes((0xFF, 0xD0 + i % 8)) for i in range(rows))
    return bytes(data[:start] + body[:-2] + data[-2:])


def rows_of_png(width, height):
    def chunk(name, body):
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer, row = zlib.compressobj(1), bytes(1 + 3 * width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = (b"IHDR", head), (b"IDAT", packed), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def bmp(width, height):
    size = 3 * width * height
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, size, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + size, 0, 0, 54) + head, 54 + size


def drawn(size, kind, **options):
    file = io.BytesIO()
    Image.new("RGB", size, (90, 140, 60)).save(file, kind, **options)
    return file.getvalue()


FILES = {
    "a scan of 20,000 × 20,000 pixels, JPEG": lambda: scan(20_000, (200, 90, 90)),
    "the same, all grey": lambda: scan(20_000, (128, 128, 128)),  # is looked at twice
    "a JPEG of 22,000 × 22,000": lambda: scan(22_000, (200, 90, 90)),
    "a progressive JPEG of 50 megapixels": lambda: drawn((8160, 6120), "JPEG", progressive=True),
    "a PNG of 10,000 × 10,000": lambda: rows_of_png(10_000, 10_000),
    "a BMP of 10,000 × 10,000": lambda: bmp(10_000, 10_000),
    "a WebP of 27 megapixels": lambda: drawn((6000, 4600), "WEBP", method=0),
}


@pytest.mark.parametrize("what", FILES)
def test_the_largest_photos(what, tmp_path, fault):
    path = tmp_path / "large"
    data = FILES[what]()
    if isinstance(data, tuple):  # the rest of the file is zeros, which take no room on the disk
        path.write_bytes(data[0])
        os.truncate(path, data[1])
    else:
        path.write_bytes(data)
    size, grown = read(path)
    assert max(map(int, size.split())) == 1600
    print(f"{what}: {grown / 1e6:.0f} MB")
    assert grown < formats.MEMORY
    if what.startswith("a scan"):
        bound = f"{formats.MEMORY / 1e6:.0f} MB"
        fault(
            ("20,000 × 20,000픽셀로 스캔한 JPEG", "a JPEG scan of 20,000 × 20,000 pixels"),
            (f"읽습니다. 메모리는 {bound} 안입니다", f"read, within {bound} of memory"),
        )


def read(path):
    """(the first line that READ prints, the bytes by which it grew)."""
    done = subprocess.run(
        [sys.executable, "-c", READ, path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    said, grown = done.stdout.splitlines()
    return said, int(grown) * 1024


TOO_LARGE = {
    "JPEG": lambda: scan(30_000, (200, 90, 90)),
    "PNG": lambda: rows_of_png(20_000, 5001),
    "WebP": lambda: drawn((6700, 4700), "WEBP", method=0),
    "progressive JPEG": lambda: drawn((9000, 7000), "JPEG", progressive=True, subsampling=0),
}


@pytest.mark.parametrize("kind", TOO_LARGE)
def test_what_would_take_more_is_refused_before(kind, tmp_path):
    path = tmp_path / "huge.jpg"
    path.write_bytes(TOO_LARGE[kind]())
    said, grown = read(path)
    assert said.startswith("The photo is too large: huge.jpg (") and grown < 50e6
