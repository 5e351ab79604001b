"""Which files of a folder are photos, and that nothing is passed over without a word."""

import os

import pytest
from PIL import Image
from scenes import SCENE, saved

from helpers.images import load_photo
from sources import files
from topics import folders, search

ENDINGS = sorted(end for end, kind in Image.registered_extensions().items() if kind in Image.SAVE)


def names(folder):
    return sorted(os.path.basename(os.fsdecode(path)) for path in folders.photo_files(folder))


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_of_a_file_that_load_photo_reads_is_found(tmp_path, ending):
    kind = Image.registered_extensions()[ending]
    try:
        (tmp_path / f"a{ending.upper()}").write_bytes(saved(SCENE, kind))
        load_photo(tmp_path / f"a{ending.upper()}")
    except (OSError, ValueError):  # not written by Pillow, or not read here
        return
    assert names(tmp_path) == [f"a{ending.upper()}"] and ending in files.suffixes()


def test_what_is_passed_over_is_counted_by_its_ending(tmp_path):
    for name in ("cat.jfif", "a.HEIC", "b.MOV", "sub/c.mov", "notes", "d.xmp", ".hidden.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(saved(SCENE, "JPEG"))
    assert names(tmp_path) == ["a.HEIC", "cat.jfif"]
    assert folders.passed_over(tmp_path) == {".mov": 2, "": 1, ".xmp": 1}
    assert folders.passed_over([tmp_path / "notes"]) == {}


def test_a_search_says_what_it_passed_over(embedded, tmp_path):
    (tmp_path / "cat.jfif").write_bytes(saved(SCENE, "JPEG"))
    (tmp_path / "film.mov").write_bytes(b"no photo")
    found = search.index_photos(tmp_path, embedded, progress=False)
    assert (found.photos, found.skipped, found.passed_over) == (1, [], {".mov": 1})
