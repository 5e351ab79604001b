"""Videos read and written, and what is said of a file that is none."""

import base64
import builtins
import io

import numpy as np
import pytest
import torch
from films import dots
from PIL import Image

from bilingual import BadInput
from sources.kinds import PhotoError
from topics import video

ENDINGS = [".gif", ".webp", ".mp4"]


def written(tmp_path, ending, frames=5):
    if ending == ".mp4":
        pytest.importorskip("av")
    return video.save((picture for picture, _ in dots(frames)), tmp_path / f"new/film{ending}")


@pytest.mark.parametrize("ending", ENDINGS)
def test_written_and_read_again(tmp_path, ending):
    path = written(tmp_path, ending)
    read = [*video.frames(path, progress=False)]
    assert len(read) == 5 and {(p.mode, p.size) for p in read} == {("RGB", (80, 40))}
    for n, picture in enumerate(read):
        red = np.asarray(picture)[24, 8 * n + 8].astype(int)
        assert red[0] > 180 and red[1:].max() < 80, n


@pytest.mark.parametrize("ending", ENDINGS)
def test_bounds(tmp_path, ending, capsys):
    path = written(tmp_path, ending, frames=6)
    assert len([*video.frames(path, every=2, progress=False)]) == 3
    assert len([*video.frames(path, every=99, progress=False)]) == 1  # but it does not stand still
    assert capsys.readouterr().out == ""
    read = [*video.frames(path, side=20, most=2, progress=False)]
    assert [p.size for p in read] == [(20, 10)] * 2
    assert "Only the first 2 frames" in capsys.readouterr().out
    assert len([*video.frames(path, most=1, progress=False)]) == 1


@pytest.mark.parametrize("rate", [0.1, 2.5])
@pytest.mark.parametrize("ending", ENDINGS)
def test_few_pictures_a_second(tmp_path, ending, rate, monkeypatch):
    if ending == ".mp4":
        pytest.importorskip("av")
    monkeypatch.setenv("HOME", str(tmp_path))
    path = video.save((picture for picture, _ in dots(4)), f"~/film{ending}", rate)
    assert path.parent == tmp_path and len([*video.frames(path, progress=False)]) == 4


def test_an_upload_is_read(tmp_path):
    content = written(tmp_path, ".gif").read_bytes()
    for value in (({"name": "a.gif", "content": content},), {"a.gif": {"content": content}}):
        assert len([*video.frames(value, progress=False)]) == 5


@pytest.mark.parametrize("ending", ENDINGS)
def test_half_a_film_gives_frames_or_one_error(tmp_path, ending):
    path = written(tmp_path, ending, frames=6)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    try:
        assert 2 <= len([*video.frames(path, progress=False)]) < 6
    except PhotoError as error:
        assert path.name in error.en and path.name in error.ko


def test_what_is_no_video_is_said(tmp_path):
    still = tmp_path / "still.gif"
    Image.new("RGB", (9, 9)).save(still)
    text = tmp_path / "notes.mp4"
    text.write_text("no video")
    for source, said in ((still, "stands still"), ("none.mp4", "No such file"), (tmp_path, "No")):
        with pytest.raises(PhotoError, match=said):
            [*video.frames(source, progress=False)]
    with pytest.raises(PhotoError, match="notes.mp4"):
        [*video.frames(text, progress=False)]
    with pytest.raises(BadInput, match="suffix must be one of .gif, .webp, .mp4"):
        video.save([], tmp_path / "film.avi")
    with pytest.raises(BadInput, match="no frames"):
        video.save([], tmp_path / "film.gif")
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(BadInput, match="Name a file, not a folder"):
        video.save([Image.new("RGB", (9, 9))], tmp_path / "folder.gif")


@pytest.mark.parametrize("rate", [0, -1, "8", None, float("nan"), 1e6])
def test_odd_rates_are_refused(tmp_path, rate):
    with pytest.raises(BadInput, match="rate must be a number between 0.1 and 100: "):
        video.save([Image.new("RGB", (9, 9))], tmp_path / "film.gif", rate)


@pytest.mark.parametrize("option", ["side", "most", "every"])
@pytest.mark.parametrize("value", [0, -1, "3", None, 1.5])
def test_an_option_is_not_taken_for_a_broken_file(tmp_path, option, value):
    film = written(tmp_path, ".gif")
    with pytest.raises(BadInput, match="whole numbers from 1 up"):
        [*video.frames(film, progress=False, **{option: value})]


def test_what_holds_no_upload_is_said():
    for value in (np.zeros((2, 4, 4, 3)), torch.zeros(3), b"GIF89a", "", [(1, 2)]):
        with pytest.raises(PhotoError):
            [*video.frames(value, progress=False)]


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_pictures_of_any_form_get_the_size_of_the_first(tmp_path, ending):
    pictures = [Image.new("RGB", (20, 10)), np.ones((30, 30, 3)), Image.new("L", (8, 40))]
    path = video.save(pictures, tmp_path / f"film{ending}")
    assert [p.size for p in video.frames(path, progress=False)] == [(20, 10)] * 3


@pytest.mark.parametrize(
    "start, ko, en",
    [
        (b"", "빈 파일입니다(0바이트)", "The file is empty (0 bytes)"),
        (b"\0\0\0\x18ftypheic", "비디오가 아니라 아이폰의 HEIC 사진", "but an iPhone's HEIC photo"),
        (b"\n<!DOCTYPE html><html>", "비디오가 아니라 웹페이지", "Not a video, but a web page"),
        (b"%PDF-1.7\n", "비디오가 아니라 PDF 문서", "Not a video, but a PDF document"),
        (b"JPEG", "움직이지 않는 사진", "A picture that stands still"),
        (b"\0\0\0\x18ftypmp42", "깨졌거나 일부만", "damaged or incomplete"),
        (b"words", "깨졌거나 일부만", "of a kind that is not read here"),
    ],
)
@pytest.mark.parametrize("pyav", [True, False])
def test_what_it_is_instead_of_a_video(start, ko, en, pyav, tmp_path, monkeypatch):
    """And where PyAV is missing, nobody is sent to install it for what is no video."""
    path = tmp_path / "휴가.mp4"
    if pyav:
        pytest.importorskip("av")
    elif "damaged" in en or "kind" in en:
        pytest.skip("only PyAV can tell")
    else:
        monkeypatch.setattr(video, "_av", None)
    if start == b"JPEG":
        Image.new("RGB", (9, 9)).save(path, "JPEG")
    else:
        path.write_bytes(start + bytes(50) if start else b"")
    value = ({"name": path.name, "content": path.read_bytes()},)
    for source in (path, value):
        with pytest.raises(PhotoError) as error:
            [*video.frames(source, progress=False)]
        assert ko in error.value.ko and en in error.value.en
        assert path.name in error.value.ko and path.name in error.value.en


def test_without_pyav_one_is_told_how_to_get_it(tmp_path, monkeypatch):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(50))
    found = builtins.__import__

    def none(name, *args, **kwargs):
        if name == "av":
            raise ImportError(name)
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", none)
    with pytest.raises(PhotoError, match="pip install av") as error:
        [*video.frames(film, progress=False)]
    assert "pip install av" in error.value.ko
    with pytest.raises(PhotoError, match="pip install av"):
        video.save([Image.new("RGB", (8, 8))], tmp_path / "out.mp4")


def test_too_large_frames_are_refused_before_they_are_decoded(tmp_path):
    path = tmp_path / "wide.gif"
    Image.new("P", (9, 9)).save(path, save_all=True, append_images=[Image.new("P", (9, 9), 1)])
    data = bytearray(path.read_bytes())
    data[6:10] = (8_000).to_bytes(2, "little") * 2
    path.write_bytes(data)
    with pytest.raises(PhotoError, match="too large"):
        [*video.frames(path, progress=False)]


def test_moving_shows_itself_with_words_and_weights():
    bundle = video.Moving((p for p, _ in dots()), "a <red> block", weights="none & all")
    data, metadata = bundle._repr_mimebundle_()
    assert (
        'alt="a &lt;red&gt; block"' in data["text/html"] and "none &amp; all" in data["text/html"]
    )
    film = data["text/html"].partition("base64,")[2].partition('"')[0]
    with Image.open(io.BytesIO(base64.b64decode(film))) as film:
        assert (film.format, film.n_frames) == ("WEBP", 6)
    assert data["text/plain"] == "<a <red> block>" and data["image/jpeg"]
    assert metadata == {"image/jpeg": {"alt": "a <red> block"}}
