"""Figures: what they show, that nothing is cut off, and that Hangul is drawn."""

import io
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from helpers import images, maps, overlay, plots

CAPTION = "가중치 weights: 내장 DINO · embedded DINO (112 px, patch 8)"
LONG = "학습 안 됨 · UNTRAINED vit_base_patch16_224.augreg2_in21k_ft_in1k (random weights)"
GRID = (4, 6)
HEADS = torch.arange(6 * 24.0).reshape(6, *GRID)
MAP = maps.min_max(HEADS[0])

FIGURES = {
    "two_panel": lambda photo, weights: plots.two_panel(photo, MAP, weights=weights),
    "two_panel, tall": lambda photo, weights: plots.two_panel(
        photo.resize((40, 160)), MAP, weights=weights, title="내 제목 my title"
    ),
    "compare": lambda photo, weights: plots.compare(
        {"사진 photo": photo, "맵 map": MAP}, weights=weights
    ),
    "compare, one": lambda photo, weights: plots.compare({"맵 map": MAP}, weights=weights),
    "compare, five": lambda photo, weights: plots.compare(
        {f"사진 photo {i}": photo for i in range(5)}, weights=weights
    ),
    "heads": lambda photo, weights: plots.heads(photo, HEADS, weights=weights),
    "patch_grid": lambda photo, weights: plots.patch_grid(
        photo, GRID, weights=weights, highlight=(3, 5)
    ),
}


@pytest.fixture(params=FIGURES)
def draw(request, photo):
    return lambda weights: FIGURES[request.param](photo, weights)


def shown(fig):
    """The arrays of the pictures in a figure, panel by panel."""
    return [np.asarray(ax.images[0].get_array()) for ax in fig.axes if ax.images]


def test_says_which_weights_made_it(draw, embedded):
    assert draw(embedded).get_supxlabel() == CAPTION
    assert draw("my weights").get_supxlabel() == "가중치 weights: my weights"


def test_weights_must_be_given(photo):
    for call in (
        lambda: plots.two_panel(photo, MAP),
        lambda: plots.compare({"a": photo}),
        lambda: plots.heads(photo, HEADS),
        lambda: plots.patch_grid(photo, GRID),
    ):
        with pytest.raises(TypeError, match="weights"):
            call()


def test_is_shown_once(draw):
    draw("w")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("weights", ["w", LONG])
def test_hangul_is_drawn_and_no_text_is_cut_off_or_overlaps(draw, weights):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        fig = draw(weights)
        fig.savefig(io.BytesIO())
    page = fig.bbox
    boxes = [text.get_window_extent() for text in texts(fig)]
    assert len(boxes) >= 2
    for box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def texts(fig):
    """All text of a figure; most axes are switched off, but for their titles."""
    found = [fig._supxlabel, *(ax.title for ax in fig.axes)]
    for ax in fig.axes:
        found += [ax.xaxis.label, *ax.get_xticklabels()] if ax.axison else []
    return [text for text in found if text.get_text()]


def test_hangul_is_drawn_with_the_packages_own_font():
    """Not with one that happens to be on this machine; a reader may have none."""
    latin, hangul = matplotlib.rcParams["font.family"]
    assert latin == "DejaVu Sans"
    assert font_manager.findfont(hangul, fallback_to_default=False) == str(plots.FONT)


def test_two_panel_shows_the_photo_and_the_overlay(photo):
    fig = plots.two_panel(photo, MAP, weights="w", alpha=0.3, cmap="jet", title="t")
    left, right = shown(fig)[:2]
    assert np.array_equal(left, np.asarray(photo))
    assert np.array_equal(right, np.asarray(overlay.blend(photo, MAP, 0.3, "jet")))
    assert [ax.get_title() for ax in fig.axes[:2]] == ["사진 photo", "t"]
    bar = fig.axes[2]
    assert [t.get_text() for t in bar.get_xticklabels()] == ["낮음 low", "높음 high"]
    assert bar.get_xlabel() == "이 그림 안에서 relative to this map"
    assert bar.collections[-1].cmap.name == "jet"


def test_two_panel_of_the_lessons_is_small(embedded):
    cat = images.load_photo("cat.jpg")
    tensor, seen = images.to_tensor(cat, embedded, "whole")
    fig = plots.two_panel(seen, maps.photo_norm(embedded, tensor), weights=embedded)
    png = io.BytesIO()
    fig.savefig(png)
    assert png.tell() < 160_000


def test_compare_draws_maps_patch_by_patch(photo):
    fig = plots.compare({"p": photo, "m": HEADS[1]}, weights="w", cmap="gray")
    picture, m = shown(fig)
    assert np.array_equal(picture, np.asarray(photo)) and np.array_equal(m, HEADS[1].numpy())
    image = fig.axes[1].images[0]
    assert image.get_interpolation() == "nearest" and image.get_cmap().name == "gray"
    assert image.get_clim() == (24, 47)
    assert [ax.get_title() for ax in fig.axes] == ["p", "m"]


@pytest.mark.parametrize("count, shape", [(1, (1, 1)), (4, (1, 4)), (5, (2, 3)), (8, (2, 4))])
def test_compare_has_at_most_four_in_a_row(photo, count, shape):
    fig = plots.compare({str(i): photo for i in range(count)}, weights="w")
    assert fig.axes[0].get_gridspec().get_geometry() == shape
    assert len(shown(fig)) == count


def test_heads_shows_each_head_on_its_own_scale(photo):
    fig = plots.heads(photo, HEADS, weights="w", cmap="magma")
    panels = shown(fig)
    assert len(panels) == 6 and fig.axes[5].get_title() == "헤드 head 5"
    expected = overlay.blend(photo, maps.min_max(HEADS[5]), cmap="magma")
    assert np.array_equal(panels[5], np.asarray(expected))


def test_patch_grid_outlines_the_right_patch():
    """In the drawn figure the outline lies around the one red patch of the photo."""
    gh, gw, row, column = 4, 6, 2, 5
    seen = Image.new("RGB", (gw * 20, gh * 30), "blue")  # patches need not be square
    seen.paste("red", (column * 20, row * 30, (column + 1) * 20, (row + 1) * 30))
    fig = plots.patch_grid(seen, (gh, gw), weights="w", highlight=(row, column))
    assert fig.axes[0].get_title() == "패치 patches: 4 × 6 = 24"
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    red = np.argwhere((pixels == (255, 0, 0)).all(axis=-1))
    yellow = np.argwhere((pixels == (255, 255, 0)).all(axis=-1))
    (red_low, red_high), (low, high) = (
        (points.min(axis=0), points.max(axis=0)) for points in (red, yellow)
    )
    assert (low < red_low).all() and (red_high < high).all()
    assert (red_low - low < 8).all() and (high - red_high < 8).all()
    box = fig.axes[0].get_window_extent()
    assert box.width / box.height == pytest.approx(seen.width / seen.height, rel=0.02)


def test_patch_grid_has_a_line_between_any_two_patches(photo):
    fig = plots.patch_grid(photo, GRID, weights="w")
    vertical, horizontal = fig.axes[0].collections
    assert [line[0][0] for line in vertical.get_segments()] == list(range(7))
    assert [line[0][1] for line in horizontal.get_segments()] == list(range(5))
    assert not fig.axes[0].patches
