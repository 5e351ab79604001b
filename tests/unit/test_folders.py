"""Which files of a folder are photos."""

import os

import pytest
from PIL import Image
from scenes import SCENE, saved

from helpers.images import load_photo
from sources import files
from topics import folders

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


def test_what_is_hidden_or_no_photo_is_left_out(tmp_path):
    for name in ("cat.jfif", "a.HEIC", "b.MOV", "sub/c.jpg", "notes", ".hidden.jpg", ".d/e.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(saved(SCENE, "JPEG"))
    assert names(tmp_path) == ["a.HEIC", "c.jpg", "cat.jfif"]
