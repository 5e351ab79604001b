"""The widgets, at their ends and in the middle; nothing that goes wrong is hidden."""

import datetime
import io

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

from helpers import explorer, images, maps, overlay


def child(box, kind, description=""):
    """The one widget of a kind in a tree of boxes."""
    found = []
    for widget in box.children:
        if isinstance(widget, kind) and description in getattr(widget, "description", ""):
            found.append(widget)
        elif hasattr(widget, "children"):
            found += child(widget, kind, description) or []
    return found


@pytest.fixture
def explore(photo, embedded):
    box = explorer.explore(photo, embedded)
    (alpha,) = child(box, widgets.FloatSlider, "alpha")
    (cmap,) = child(box, widgets.Dropdown, "colormap")
    (chosen,) = child(box, widgets.Dropdown, "map")[-1:]
    (picture,) = child(box, widgets.Image)
    return box, alpha, cmap, chosen, picture


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.value))).astype(int)


def test_every_setting_shows_its_overlay(explore, photo, embedded):
    _, alpha, cmap, chosen, picture = explore
    tensor, seen = images.to_tensor(photo, embedded)
    ms = [maps.photo_norm(embedded, tensor), maps.photo_attention(embedded, tensor)]
    assert len(chosen.options) == len(ms)
    for name in cmap.options:
        for value in (alpha.min, 0.5, alpha.max):
            for label, m in zip(chosen.options, ms):
                cmap.value, alpha.value, chosen.value = name, value, label
                expected = np.asarray(overlay.blend(seen, m, value, name)).astype(int)
                assert np.abs(pixels(picture) - expected).mean() < 6, (label, name, value)


def test_each_control_redraws_by_itself(explore):
    _, alpha, cmap, chosen, picture = explore
    for control, value in ((alpha, 0.9), (cmap, "jet"), (chosen, chosen.options[1])):
        before = picture.value
        control.value = value
        assert picture.value != before, control.description


def test_starts_as_the_lessons_do(explore, photo, embedded):
    _, alpha, cmap, chosen, picture = explore
    assert (alpha.value, cmap.value) == (0.5, "viridis")
    assert cmap.options == overlay.COLORMAPS and "token-norm map" in chosen.value
    assert picture.value[:2] == b"\xff\xd8"


def test_slider_waits_and_the_page_does_not_jump(explore):
    _, alpha, _, _, picture = explore
    assert alpha.continuous_update is False
    assert picture.layout.height == "320px"


def test_says_which_weights(explore):
    (label,) = child(explore[0], widgets.Label)
    assert label.value == "가중치 weights: 내장 DINO · embedded DINO (112 px, patch 8)"


def test_network_runs_once_a_map(explore, monkeypatch):
    calls = []
    for label, function in explorer.MAPS.items():
        counted = lambda *args, f=function: calls.append(f) or f(*args)  # noqa: E731
        monkeypatch.setitem(explorer.MAPS, label, counted)
    _, alpha, cmap, chosen, _ = explore  # the first map is drawn already
    for label in (*chosen.options, *chosen.options):
        chosen.value = label
        alpha.value, cmap.value = alpha.value / 2, "jet"
    assert calls == [maps.photo_attention]


def test_errors_are_not_swallowed(explore, monkeypatch):
    def fail(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(explorer, "blend", fail)
    with pytest.raises(ZeroDivisionError):
        explore[1].value = 0.9


# --- upload ---


def value(name, data):
    """What a FileUpload of the installed ipywidgets holds after an upload."""
    if int(widgets.__version__.split(".")[0]) < 8:
        return {name: {"content": data, "metadata": {"name": name}}}
    file = {"name": name, "type": "image/png", "size": len(data), "content": memoryview(data)}
    return ({**file, "last_modified": datetime.datetime.now(datetime.UTC)},)


@pytest.fixture
def upload(photo):
    seen = []
    box = explorer.upload(seen.append)
    button, message, output = box.children
    png = io.BytesIO()
    photo.save(png, "PNG")

    def put(name, data):
        button.set_trait("value", value(name, data))

    return seen, put, message, png.getvalue()


def test_uploaded_photo_is_shown(upload, photo):
    seen, put, message, png = upload
    put("cat.png", png)
    assert len(seen) == 1 and np.array_equal(np.asarray(seen[0]), np.asarray(photo))
    assert message.value == ""


def test_bad_file_is_explained_and_nothing_is_lost(upload):
    seen, put, message, png = upload
    put("cat.png", png)
    put("<b>notes</b>.txt", b"hello")
    assert len(seen) == 1
    assert "사진이 아닙니다: &lt;b&gt;notes&lt;/b&gt;.txt" in message.value
    assert "Not a photo" in message.value and "<b>" not in message.value
    put("cat2.png", png)
    assert len(seen) == 2 and message.value == ""


def test_button_takes_one_picture():
    button = explorer.upload(print).children[0]
    assert button.accept == "image/*" and button.multiple is False
