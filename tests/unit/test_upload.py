"""The upload button: a reader's photo or video, and what is said of a bad one."""

import io
from unittest.mock import Mock

import numpy as np
import pytest
from ipywidgets.widgets import widget_output

from bilingual import BadInput
from explorer.upload import upload


@pytest.fixture
def uploading(photo):
    """Send a file as upload.js does; returns what was seen, and what the page was told."""
    seen, told = [], []

    def show(mine):
        seen.append(mine)
        return "a picture"

    box = upload(show)
    box.button.send = told.append
    png = io.BytesIO()
    photo.save(png, "PNG")

    def put(name, data):
        box.button._sent(None, {"name": name}, [memoryview(data)])

    return box, seen, told, put, png.getvalue()


def test_uploaded_photo_is_shown(uploading, photo):
    _, seen, told, put, png = uploading
    put("cat.png", png)
    assert len(seen) == 1 and np.array_equal(np.asarray(seen[0]), np.asarray(photo))
    assert told == [{"error": []}]


def test_bad_file_is_explained_and_the_button_stays(uploading):
    _, seen, told, put, png = uploading
    put("notes.txt", b"hello")
    korean, english = told[-1]["error"]
    assert seen == [] and "notes.txt" in korean and "notes.txt" in english
    assert "Not a photo" in english and "Not" not in korean
    put("cat2.png", png)
    assert len(seen) == 1 and told[-1] == {"error": []}


def test_the_page_is_answered_even_if_showing_fails(uploading):
    box, _, told, put, png = uploading

    def fail(mine):
        raise RuntimeError

    box.show = fail
    with pytest.raises(RuntimeError):
        put("cat.png", png)
    assert told == [{"error": []}]


def test_a_photo_that_cannot_be_shown_is_explained_without_a_traceback(uploading, monkeypatch):
    """As in a kernel, where an ``Output`` would take the error and draw it."""
    box, _, told, put, png = uploading
    shell, refusal = Mock(kernel=None), BadInput("너무 깁니다.", "Too long.")
    monkeypatch.setattr(widget_output, "get_ipython", lambda: shell)
    box.show = Mock(side_effect=refusal)
    put("cat.png", png)
    assert told == [{"error": [refusal.ko, refusal.en]}]
    shell.showtraceback.assert_not_called()


def test_a_video_comes_as_it_is_and_is_kept(uploading):
    seen, told = [], []
    box = upload(seen.append, video=True)
    box.button.send = told.append
    assert box.value is None and box.button.video and not uploading[0].button.video
    box.button._sent(None, {"name": "film.gif"}, [memoryview(b"GIF89a")])
    assert seen == [box.value] == [[{"name": "film.gif", "content": b"GIF89a"}]]
    box.show = Mock(side_effect=BadInput("깨졌습니다.", "Damaged."))
    box.button._sent(None, {"name": "other.gif"}, [memoryview(b"GIF")])
    assert box.value == seen[0] and told == [{"error": []}, {"error": ["깨졌습니다.", "Damaged."]}]
