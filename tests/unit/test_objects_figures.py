"""Figures of found objects and of deletion curves: what they darken, frame and write."""

import io

import numpy as np
import pytest
import torch
from grids import ANSWER, OBJECT
from PIL import Image

from topics import deletion, objects
from topics.objects import Found

PHOTO = Image.new("RGB", (120, 80), (200, 100, 40))


def texts(fig):
    found = [fig._supxlabel, *(ax.title for ax in fig.axes)]
    for ax in (ax for ax in fig.axes if ax.axison):
        found += [ax.xaxis.label, ax.yaxis.label, *ax.get_legend().get_texts()]
    return [text for text in found if text.get_text()]


def nothing_is_cut_off(fig):
    fig.savefig(io.BytesIO())
    page = fig.bbox
    for text in texts(fig):
        box = text.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1


@pytest.mark.filterwarnings("error")  # a missing glyph is a warning
def test_regions_darken_what_was_not_found():
    found = Found(ANSWER, (1, 3), torch.rand(4, 6))
    panels = {
        "사진 photo": PHOTO,
        "맵 map": found.m,
        "마스크 masks": torch.stack([ANSWER, OBJECT]),
        "LOST": found,
    }
    fig = objects.draw_regions(PHOTO, panels, weights="w")
    photo, m, masks, one = (np.asarray(ax.images[0].get_array()) for ax in fig.axes)
    assert np.array_equal(photo, np.asarray(PHOTO)) and np.array_equal(m, found.m.numpy())
    for picture, where in ((masks, OBJECT), (one, ANSWER)):
        bright = picture[10::20, 10::20, 0] == 200  # the middle of every patch
        assert np.array_equal(bright, where.numpy()) and picture.min() == 10
    box, seed = fig.axes[3].patches
    assert (box.get_xy(), box.get_width(), box.get_height()) == ((3, 1), 2, 2)
    assert seed.get_xy() == (3.25, 1.25) and not fig.axes[2].patches
    assert [ax.get_title() for ax in fig.axes] == list(panels)
    nothing_is_cut_off(fig)


@pytest.mark.parametrize("count, shape", [(1, (1, 1)), (4, (1, 4)), (5, (2, 3)), (10, (3, 4))])
def test_regions_has_at_most_four_in_a_row(count, shape):
    fig = objects.draw_regions(PHOTO, {str(i): ANSWER for i in range(count)}, weights="w")
    assert fig.axes[0].get_gridspec().get_geometry() == shape


@pytest.mark.filterwarnings("error")
def test_gallery_shows_each_object_in_its_own_photo():
    tall = Image.new("RGB", (60, 120), (10, 200, 10))
    found = Found(ANSWER, (1, 3), torch.rand(4, 6))
    panels = {"가 a": (PHOTO, found), "나 b": (tall, ~ANSWER.T)}
    fig = objects.draw_gallery(panels, weights="w")
    first, second = (np.asarray(ax.images[0].get_array()) for ax in fig.axes)
    assert first.shape == (80, 120, 3) and second.shape == (120, 60, 3)
    assert np.array_equal(first[10::20, 10::20, 0] == 200, ANSWER.numpy())
    assert np.array_equal(second[10::20, 7::15, 1] == 200, ~ANSWER.T.numpy())
    assert len(fig.axes[0].patches) == 2 and not fig.axes[1].patches
    nothing_is_cut_off(fig)
    ten = objects.draw_gallery({str(i): (PHOTO, ANSWER) for i in range(10)}, weights="w")
    assert ten.axes[0].get_gridspec().get_geometry() == (2, 5)


@pytest.mark.filterwarnings("error")
def test_curves_are_told_apart_without_colour():
    values = {"노름 norm": torch.linspace(1, 0, 11), "어텐션 attention": torch.ones(11)}
    names = {"xlabel": "지운 패치 greyed (%)", "ylabel": "유사도 cosine"}
    fig = deletion.draw_curves(values, weights="w", **names)
    first, second = fig.axes[0].lines
    assert first.get_linestyle() != second.get_linestyle()
    assert first.get_xdata().tolist() == list(range(0, 101, 10))
    assert np.array_equal(first.get_ydata(), values["노름 norm"])
    assert [t.get_text() for t in fig.axes[0].get_legend().get_texts()] == list(values)
    assert fig.get_supxlabel() == "가중치 weights: w"
    nothing_is_cut_off(fig)


@pytest.mark.parametrize("kind", ["RGBA", "L", "1"])
def test_a_photo_of_any_mode_is_the_same_picture(kind):
    photo = PHOTO.convert(kind)
    fig = objects.draw_regions(photo, {"photo": photo, "mask": ANSWER}, weights="w")
    expected = np.asarray(photo.convert("RGB"))
    whole, masked = (np.asarray(ax.images[0].get_array()) for ax in fig.axes)
    assert np.array_equal(whole, expected)
    assert np.array_equal(masked[30:50, 70:90], expected[30:50, 70:90])  # within the mask
