"""The photos that come along: whose they are, and how large."""

import fnmatch
import re

from PIL import Image
from repository import HANGUL, ROOT

from helpers import images

PHOTOS = images.sample_photos()


def credits():
    """File name, or pattern of names → the cells of its row in CREDITS.md."""
    rows = re.findall(
        r"^\| `([^`]+)` \|(.*)\|$", (ROOT / "images" / "CREDITS.md").read_text("utf-8"), re.M
    )
    return {name: [cell.strip() for cell in row.split("|")] for name, row in rows}


def test_every_picture_has_credits():
    pictures = {p.name for p in (ROOT / "images").iterdir() if p.suffix in (".jpg", ".png")}
    rows = {pattern: fnmatch.filter(pictures, pattern) for pattern in credits()}
    assert [pattern for pattern, names in rows.items() if not names] == []
    assert sorted(name for names in rows.values() for name in names) == sorted(pictures)
    free = re.compile(r"public domain|CC0|CC BY(-SA)? \d|MIT")
    for name, (what, author, source, licence, changes) in credits().items():
        assert HANGUL.search(what) and re.search("[a-z]", what), name
        assert author and source and changes, name
        assert free.search(licence), name
        assert not re.search("NC|ND", licence), name


def test_photos_are_small_clean_and_varied():
    assert len(PHOTOS) >= 5
    shapes = set()
    for path in PHOTOS:
        with Image.open(path) as photo:
            assert (photo.format, photo.mode) == ("JPEG", "RGB"), path.name
            assert max(photo.size) <= 800, path.name
            assert len(photo.getexif()) == 0, path.name
            shapes.add((photo.width > photo.height) - (photo.width < photo.height))
        assert path.stat().st_size <= 150 * 1000, path.name
    assert shapes == {-1, 0, 1}  # portrait, square, landscape
