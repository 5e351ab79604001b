"""Figures of one or more panels: what two_panel, compare, heads and patch_grid show."""

import io

import numpy as np
import pytest
from drawn import GRID, HEADS, MAP, shown
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from helpers import images, maps, overlay, plots
from topics import attention


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
    fig = plots.two_panel(seen, maps.norm_map(embedded, tensor), weights=embedded)
    png = io.BytesIO()
    fig.savefig(png)
    assert png.tell() < 160_000


def test_compare_draws_maps_patch_by_patch(photo):
    fig = plots.compare({"p": photo, "m": HEADS[1]}, weights="w", cmap="gray")
    picture, m = shown(fig)
    assert np.array_equal(picture, np.asarray(photo)) and np.array_equal(m, HEADS[1].numpy())
    image = fig.axes[1].images[0]
    assert image.get_interpolation() == "nearest" and image.get_cmap().name == "gray"
    assert fig.axes[0].images[0].get_interpolation() != "nearest"  # made smaller, it gets jagged
    assert image.get_clim() == (24, 47)
    assert [ax.get_title() for ax in fig.axes] == ["p", "m"]


@pytest.mark.parametrize("count, shape", [(1, (1, 1)), (4, (1, 4)), (5, (2, 3)), (8, (2, 4))])
def test_compare_has_at_most_four_in_a_row(photo, count, shape):
    fig = plots.compare({str(i): photo for i in range(count)}, weights="w")
    assert fig.axes[0].get_gridspec().get_geometry() == shape
    assert len(shown(fig)) == count


def test_heads_shows_each_head_on_its_own_scale(photo):
    fig = attention.draw_heads(photo, HEADS, weights="w")
    panels = shown(fig)
    assert len(panels) == 6 and fig.axes[5].get_title() == "헤드 head 5"
    expected = overlay.blend(photo, maps.min_max(HEADS[5]))
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
