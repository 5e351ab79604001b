"""Figures of lessons 04 and 05: what they show; nothing is cut off or lies on another text."""

import io
import warnings

import numpy as np
import pytest
import torch
from drawn import MADE_BY, assert_apart
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from helpers import maps, overlay
from topics import attention

CAPTION = f"가중치 weights: {MADE_BY}"
GRID = (4, 6)
MAP = torch.arange(24.0).reshape(GRID)
HEADS = torch.rand(6, *GRID, generator=torch.Generator().manual_seed(0)) / 10
ASKED = {"CLS": (MAP, None), "배경 background": (MAP, (3, 5))}
TWELVE = HEADS.repeat(12, 2, 1, 1)

FIGURES = {
    "layers_heads": lambda photo, w: attention.draw_blocks_heads(
        HEADS.repeat(6, 1, 1, 1), weights=w
    ),
    "layers_heads, 12 × 12": lambda photo, w: attention.draw_blocks_heads(TWELVE, weights=w),
    "layers_heads, tall": lambda photo, w: attention.draw_blocks_heads(
        TWELVE[:2, :3].mT, weights=w
    ),
    "scales": lambda photo, w: attention.draw_scales(HEADS, weights=w),
    "scales, 12": lambda photo, w: attention.draw_scales(TWELVE[0], weights=w),
    "queries": lambda photo, w: attention.draw_queries(photo, ASKED, weights=w),
    "queries, tall": lambda photo, w: attention.draw_queries(
        photo.resize((40, 160)), ASKED, weights=w
    ),
    "agreement": lambda photo, w: attention.draw_agreement(
        {"kingfisher": (photo, MAP, MAP), "새 birds": (photo, MAP, -MAP)}, weights=w
    ),
}


@pytest.fixture(params=FIGURES)
def draw(request, photo):
    return lambda weights: FIGURES[request.param](photo, weights)


def shown(fig):
    """The arrays of the pictures in a figure, one by one."""
    return [np.asarray(picture.get_array()) for ax in fig.axes for picture in ax.images]


def test_says_which_weights_made_it(draw, embedded):
    assert draw(embedded).get_supxlabel() == CAPTION


def test_weights_must_be_given(photo):
    for call in (
        lambda: attention.draw_blocks_heads(TWELVE),
        lambda: attention.draw_scales(HEADS),
        lambda: attention.draw_queries(photo, ASKED),
        lambda: attention.draw_agreement({"p": (photo, MAP, MAP)}),
    ):
        with pytest.raises(TypeError, match="weights"):
            call()


def test_is_shown_once(draw):
    draw("w")
    assert plt.get_fignums() == []


def test_hangul_is_drawn_and_no_text_is_cut_off_or_overlaps(draw):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph .* missing")
        fig = draw(MADE_BY)
        png = io.BytesIO()
        fig.savefig(png)
    assert png.tell() < 200_000
    assert len(found := texts(fig)) >= 3
    assert_apart(fig, found)


def texts(fig):
    """All text of a figure; its axes are switched off, but for titles and what stands beside."""
    found = [fig._supxlabel, *(text for legend in fig.legends for text in legend.get_texts())]
    for ax in fig.axes:
        found += [ax.title, *ax.texts]
    return [text for text in found if text.get_text()]


def test_layers_heads_has_a_row_a_block_and_a_column_a_head():
    m = torch.arange(2 * 3 * 24.0).reshape(2, 3, *GRID)
    fig = attention.draw_blocks_heads(m, weights="w")
    assert np.array_equal(np.stack(shown(fig)), m.flatten(0, 1).numpy())
    for picture, own_map in zip(fig.axes[0].images, m.flatten(0, 1)):  # each on its own scale
        assert picture.get_clim() == (own_map.min(), own_map.max())
    words = [text.get_text() for text in fig.axes[0].texts]
    assert words == ["블록 block 0", "1", "헤드 head 0", "1", "2"]


def test_the_maps_of_a_table_stand_apart_in_rows_and_columns():
    """A row a block from the top down, a column a head from the left, at the maps' own shape."""
    fig = attention.draw_blocks_heads(torch.rand(2, 3, *GRID), weights="w")
    (ax,) = fig.axes
    FigureCanvasAgg(fig).draw()
    places = np.array([picture.get_window_extent().extents for picture in ax.images])
    left, bottom, right, top = places.reshape(2, 3, 4).transpose(2, 0, 1)
    assert (right[:, :-1] < left[:, 1:]).all() and np.ptp(left, axis=0).max() < 1e-6
    assert (bottom[0] > top[1]).all() and np.ptp(top, axis=1).max() < 1e-6
    assert np.allclose((top - bottom) / (right - left), GRID[0] / GRID[1])
    box = ax.get_window_extent()  # nothing is cut off
    assert (places[:, :2] >= [box.x0 - 1, box.y0 - 1]).all()
    assert (places[:, 2:] <= [box.x1 + 1, box.y1 + 1]).all()
    for text, place in zip(ax.texts, (places[0], places[3], *places[:3])):  # rows, then heads
        where = text.get_window_extent()
        beside = where.x1 < place[0] and place[1] < (where.y0 + where.y1) / 2 < place[3]
        above = where.y0 > place[3] and place[0] < (where.x0 + where.x1) / 2 < place[2]
        assert beside or above, text.get_text()


def test_scales_are_raw_shared_and_each_its_own():
    fig = attention.draw_scales(HEADS, weights="w")
    (ax,) = fig.axes
    raw, shared, each = (ax.images[i : i + 6] for i in (0, 6, 12))
    assert all(np.array_equal(a, b) for a, b in zip(shown(fig), [*HEADS.numpy()] * 3))
    assert {picture.get_clim() for picture in raw} == {(0, 1)}
    assert {picture.get_clim() for picture in shared} == {(0, HEADS.max().item())}
    assert [picture.get_clim() for picture in each] == [(m.min(), m.max()) for m in HEADS]
    assert ax.texts[1].get_text() == f"공통 shared\n0..{HEADS.max():.2g}"


def test_queries_outline_the_patch_that_asks_and_none_for_cls():
    gh, gw, row, column = 4, 6, 2, 4
    photo = Image.new("RGB", (gw * 20, gh * 30), "blue")  # patches need not be square
    asked = {"CLS": (MAP, None), "p": (MAP.flip(0), (row, column))}
    fig = attention.draw_queries(photo, asked, weights="w")
    for picture, (m, _) in zip(shown(fig), asked.values()):
        expected = overlay.blend(photo, maps.min_max(m), alpha=0.6)
        assert np.array_equal(picture, np.asarray(expected))
    cls, patch = fig.axes
    assert cls.get_title() == "CLS" and list(cls.patches) == []
    FigureCanvasAgg(fig).draw()
    frame, whole = (x.get_window_extent() for x in (patch.patches[0], patch.images[0]))
    left, top = (frame.x0 - whole.x0) / whole.width, (whole.y1 - frame.y1) / whole.height
    assert abs(left - column / gw) < 0.03 and abs(top - row / gh) < 0.03
    assert abs(frame.width / whole.width - 1 / gw) < 0.06


def test_agreement_colours_what_both_one_or_none_picked(photo):
    first, second = torch.zeros(GRID), torch.zeros(GRID)
    first[0, :5], second[0, 1:6] = 1, 1  # 5 of 24 patches are 20 %
    fig = attention.draw_agreement({"p": (photo, first, second)}, weights="w")
    cells = shown(fig)[1][7::15, 7::15]
    both, only_first, only_second = cells[0, 2], cells[0, 0], cells[0, 5]
    neither = cells[3, 3]
    assert (cells[0, 1:5] == both).all() and (cells[1:] == neither).all()
    legend = {
        text.get_text(): np.round(np.multiply(patch.get_facecolor()[:3], 255)).tolist()
        for text, patch in zip(fig.legends[0].get_texts(), fig.legends[0].get_patches())
    }
    assert legend == {
        "둘 다 both": both.tolist(),
        "노름 norm": only_first.tolist(),
        "어텐션 attention": only_second.tolist(),
        "둘 다 아님 neither": neither.tolist(),
    }
    assert len({tuple(c) for c in (both, only_first, only_second, neither)}) == 4
