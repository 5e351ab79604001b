"""Reading a photo takes no more memory than sources.files says, whatever its size.

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

from sources import files

ROOT = Path(__file__).resolve().parents[2]
READ = """
import re, sys
from helpers.images import load_photo
from sources.kinds import PhotoError
load_photo("cat.jpg")  # what is loaded once is not the photo's
def most():  # not getrusage, which starts with what the process had that started this one
    return int(re.search("VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
before = most()
try:
    print(*load_photo(sys.argv[1], eval(sys.argv[2])).size)
except PhotoError as error:
    print(error.en)
print(most() - before)
"""
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="memory is told by /proc"),
    pytest.mark.slow,
]


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


LARGE = {
    "a scan of 20,000 × 20,000 pixels, JPEG": lambda: scan(20_000, (200, 90, 90)),
    "a JPEG of 22,000 × 22,000": lambda: scan(22_000, (200, 90, 90)),
    "a progressive JPEG of 60 megapixels": lambda: drawn((9000, 6700), "JPEG", progressive=True),
    "a PNG of 10,000 × 10,000": lambda: rows_of_png(10_000, 10_000),
    "a BMP of 10,000 × 10,000": lambda: bmp(10_000, 10_000),
    "a WebP of 27 megapixels": lambda: drawn((6000, 4600), "WEBP", method=0),
    "a JPEG 2000 of 20 megapixels": lambda: drawn((5000, 4000), "JPEG2000"),
}


@pytest.mark.parametrize("what", LARGE)
def test_the_largest_photos(what, tmp_path):
    size, grown = read(tmp_path, LARGE[what]())
    assert max(map(int, size.split())) == 1600
    print(f"{what}: {grown / 1e6:.0f} MB")
    assert grown < files.MEMORY


WHOLE = {
    "JPEG": (lambda: scan(7_600, (200, 90, 90)), "7600 7600"),
    "JPEG that would take too much, at a half": (lambda: scan(15_000, (9, 9, 9)), "7500 7500"),
    "PNG": (lambda: rows_of_png(7_600, 7_600), "7600 7600"),
    "BMP": (lambda: bmp(7_600, 7_600), "7600 7600"),
}


@pytest.mark.parametrize("what", WHOLE)
def test_photos_that_keep_their_size(what, tmp_path):
    make, size = WHOLE[what]
    read_size, grown = read(tmp_path, make(), None)
    assert read_size == size and grown < files.MEMORY


def read(folder, data, max_side=1600):
    """(the first line that READ prints, the bytes by which it grew)."""
    path = folder / "large.jpg"
    if isinstance(data, tuple):  # the rest of the file is zeros, which take no room on the disk
        path.write_bytes(data[0])
        os.truncate(path, data[1])
    else:
        path.write_bytes(data)
    command = [sys.executable, "-c", READ, path, str(max_side)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    said, grown = done.stdout.splitlines()
    return said, int(grown) * 1024


TOO_LARGE = {
    "JPEG": lambda: scan(30_000, (200, 90, 90)),
    "PNG": lambda: rows_of_png(20_000, 5001),
    "WebP": lambda: drawn((6700, 4700), "WEBP", method=0),
    "progressive JPEG": lambda: drawn((10_000, 8_500), "JPEG", progressive=True),
}


@pytest.mark.parametrize("kind", TOO_LARGE)
def test_what_would_take_more_is_refused_before(kind, tmp_path):
    said, grown = read(tmp_path, TOO_LARGE[kind]())
    assert said.startswith("The photo is too large: large.jpg (") and grown < 50e6
