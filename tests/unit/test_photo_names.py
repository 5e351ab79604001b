"""What is no photo is named, and a photo is found whatever its own name is."""

import io
import os
import random
import sys
import types
import unicodedata

import pytest
from PIL import Image, PngImagePlugin
from scenes import SCENE, far, refusal, saved

from helpers.images import load_photo
from sources.kinds import PhotoError

# --- what is no photo, whatever its name says ---

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
OTHERS = {
    "HEIC": (HEIC, "an iPhone's HEIC photo", "pip install pillow-heif"),
    "HEIC sequence": (b"\0\0\0\x18ftypmsf1\0\0\0\0", "an iPhone's HEIC photo", "JPEG로 내보내거나"),
    "HTML": (b"\n<!DOCTYPE HTML><html>", "a web page", "‘이미지 주소 복사’"),
    "XHTML": (b'<?xml version="1.0"?>\n<html xmlns="x">', "a web page", "‘이미지 주소 복사’"),
    "SVG": (b'<?xml version="1.0"?>\n<!-- made by hand --><svg>', "an SVG drawing", "JPEG로"),
    "HTML with a mark": (b"\xef\xbb\xbf<!DOCTYPE html>", "a web page", "‘이미지 주소 복사’"),
    "JPEG XL": (b"\xff\x0a\xfa\x1f", "a JPEG XL picture", "JPEG로"),
    "PDF": (b"%PDF-1.7\n", "a PDF document", "JPEG로"),
    "Canon RAW": (b"II*\0\x10\0\0\0CR\x02\0", "of a kind that is not read here", "JPEG로"),
    "Fuji RAW": (b"FUJIFILMCCD-RAW 0201", "a camera's raw file", "JPEG로"),
    "CR3": (b"\0\0\0\x18ftypcrx \0\0\0\1", "a camera's raw file", "JPEG로"),
    "MP4": (b"\0\0\0\x20ftypisom\0\0\2\0", "a video", "한 장면을"),
    "MOV": (b"\0\0\0\x14ftypqt  \0\0\0\0", "a video", "한 장면을"),
    "AVI": (b"RIFF\0\0\0\0AVI LIST", "a video", "한 장면을"),
    "WebM": (b"\x1a\x45\xdf\xa3\x01", "a video", "한 장면을"),
    "DDS": (b"DDS \x7c\0\0\0".ljust(16), "not read here (DDS)", "JPEG로"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not read here (EPS)", "JPEG로"),
    "text": ("안녕하세요".encode(), "Not a photo", "내용이 JPEG, PNG, WebP, GIF"),
    "EUC-KR text": ("안녕하세요".encode("euc-kr"), "Not a photo", "JPEG, PNG, WebP"),
    "zip": (b"PK\3\4\x14\0", "Not a photo", "JPEG, PNG, WebP"),
    "zeros": (bytes(5000), "Not a photo", "JPEG, PNG, WebP"),
    "empty": (b"", "damaged or incomplete", "일부만 있거나"),
    "one byte": (b"\xff", "Not a photo", "JPEG, PNG, WebP"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_photo_is_named(kind, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as where it is not installed
    start, what, advice = OTHERS[kind]
    for data in (start, start + random.Random(0).randbytes(3000) if kind != "empty" else b""):
        error = refusal(data)
        assert what in error.en and advice in error.ko
        assert ("whatever its name" in error.en) == ("내용이 JPEG, PNG, WebP" in error.ko)
    path = tmp_path / "여행.jpg"
    path.write_bytes(start)
    with pytest.raises(PhotoError, match="여행.jpg"):
        load_photo(path)


def test_heic_is_read_where_pillow_heif_is_there(monkeypatch):
    """A stand-in of it, which reads our own kind of HEIC: a PNG behind HEIC's first bytes."""

    def read(file, name=""):
        picture = PngImagePlugin.PngImageFile(io.BytesIO(file.read()[len(HEIC) :]))
        picture.format = "HEIF"
        return picture

    def register():
        monkeypatch.setitem(Image.OPEN, "HEIF", (read, lambda start: start[4:12] == b"ftypheic"))

    stand_in = types.SimpleNamespace(register_heif_opener=register)
    monkeypatch.setitem(sys.modules, "pillow_heif", stand_in)
    assert far(load_photo(HEIC + saved(SCENE, "PNG")), SCENE) == 0


def test_the_thumbnail_in_a_raw_file_is_not_the_photo():
    """To Pillow many raw files are TIFFs whose first picture is a stamp."""
    assert "a camera's raw file" in refusal(saved(SCENE, "TIFF", tiffinfo={254: 1})).en


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000"])
def test_a_photo_with_the_wrong_ending(kind, tmp_path):
    path = tmp_path / "photo.txt"
    path.write_bytes(saved(SCENE, kind))
    assert far(load_photo(path), SCENE) < 8


# --- names and places ---

NAMES = ["고양이.png", "👩‍💻 ❤️.png", "a b\tc.png", "-o.png", "사진 (1).png", "%20.png", "[x].png"]


@pytest.mark.parametrize("name", [*NAMES, "~.png"])
def test_names(tmp_path, name):
    (tmp_path / name).write_bytes(saved(SCENE, "PNG"))
    assert far(load_photo(tmp_path / name), SCENE) == 0
    assert far(load_photo(str(tmp_path / name)), SCENE) == 0


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
def test_names_that_are_no_text(tmp_path):
    name = os.path.join(os.fsencode(tmp_path), "고양이".encode("euc-kr") + b".png")
    for data in (saved(SCENE, "PNG"), b"no photo"):
        with open(name, "wb") as file:
            file.write(data)
        if data != b"no photo":
            assert far(load_photo(os.fsdecode(name)), SCENE) == 0
    with pytest.raises(PhotoError) as caught:
        load_photo(os.fsdecode(name))
    assert caught.value.en.encode() and "\ufffd.png" in caught.value.en


@pytest.mark.parametrize("name", ["고양이.png", "👩‍💻 ❤️.png", "$x$_<b>.png", "{name}.png"])
def test_names_in_messages(name):
    assert f": {name}." in refusal(b"no photo", name).en


@pytest.mark.parametrize("typed, stored", [("NFC", "NFD"), ("NFD", "NFC")])
def test_hangul_from_a_mac(tmp_path, typed, stored):
    """In a zip from a Mac, 각 is three letters; a keyboard types one syllable."""
    (tmp_path / unicodedata.normalize(stored, "각국 사진.png")).write_bytes(saved(SCENE, "PNG"))
    assert far(load_photo(tmp_path / unicodedata.normalize(typed, "각국 사진.png")), SCENE) == 0


@pytest.mark.parametrize(
    "name",
    ["a\0b.png", "x" * 5000, "~no-such-user-here/a.png", "a\nb.png", "\udcff.png", "\u202egnp.exe"],
)
def test_names_that_no_file_can_have(name):
    with pytest.raises(PhotoError, match="파일이 없습니다.*\nNo such file") as caught:
        load_photo(name)
    said = caught.value.en
    assert len(said) < 1000 and "\u202e" not in said and "\n" not in said and said.encode()


@pytest.mark.parametrize("name", ["", ".", "..", "/", "~"])
def test_folders(name):
    with pytest.raises(PhotoError, match="A folder, not a photo"):
        load_photo(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes among this system's files")
def test_pipes_and_devices_do_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    for source in (tmp_path / "pipe.jpg", "/dev/zero", tmp_path / "endless.jpg", "/dev/null"):
        with pytest.raises(PhotoError, match="Not a photo"):
            load_photo(source)
    for source in (tmp_path / "loop.jpg", tmp_path / "gone.jpg"):
        with pytest.raises(PhotoError, match="No such file"):
            load_photo(source)


def test_no_permission(tmp_path, monkeypatch):
    """Root may read anything, so the system's answer is put in its mouth."""
    path = tmp_path / "private.jpg"
    path.write_bytes(b"")

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(PhotoError) as caught:
        load_photo(path)
    assert "읽을 수 없습니다: private.jpg" in caught.value.ko
    assert "cannot be read: private.jpg (Permission denied)" in caught.value.en
