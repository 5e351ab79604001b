"""All figures: they name their weights, nothing is cut off, Hangul is drawn, any photo will do."""

import io
import warnings

import numpy as np
import pytest
from drawn import (
    FIGURES,
    FOUND,
    GRID,
    HEADS,
    LABELS,
    MADE_BY,
    MAP,
    PAIRS,
    PICTURE,
    assert_apart,
    shown,
    texts,
)
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.text import Text
from PIL import Image

import bilingual
from bilingual import BadInput
from helpers import plots
from topics import attention, deletion, objects, parts, patches, preprocessing, search, zoo

CAPTION = f"가중치 weights: {MADE_BY}"
LONG = "학습 안 됨 · UNTRAINED vit_base_patch16_224.augreg2_in21k_ft_in1k (random weights)"
TWO = f"{MADE_BY} / embedded: 학습 안 됨 · UNTRAINED (random weights)"  # two lines


@pytest.fixture(params=FIGURES)
def draw(request, photo):
    return lambda weights: FIGURES[request.param](photo, weights)


def test_says_which_weights_made_it(draw, embedded):
    assert draw(embedded).get_supxlabel() == CAPTION
    assert draw("my weights").get_supxlabel() == "가중치 weights: my weights"


def test_weights_must_be_given(photo):
    for call in (
        lambda: plots.two_panel(photo, MAP),
        lambda: plots.compare({"a": photo}),
        lambda: attention.draw_heads(photo, HEADS),
        lambda: plots.patch_grid(photo, GRID),
        lambda: patches.draw_similarity({"a": (photo, MAP)}, (0, 0)),
        lambda: parts.draw_pca(photo, PICTURE),
        lambda: parts.draw_parts(photo, LABELS),
        lambda: patches.draw_matches([photo] * 2, [GRID] * 2, PAIRS),
        lambda: patches.draw_rates({"a": (0, 1)}),
        lambda: search.draw_retrieval(photo, FOUND),
    ):
        with pytest.raises(TypeError, match="weights"):
            call()


@pytest.mark.parametrize("panels", [{}, [], [MAP], None, MAP])
def test_nothing_to_draw(panels):
    with pytest.raises(BadInput, match="Give at least one thing to draw, as {.name"):
        plots.compare(panels, weights="w")


def test_unknown_colormap():
    with pytest.raises(BadInput, match="cmap must be one of viridis.*virdis"):
        plots.compare({"a": MAP}, weights="w", cmap="virdis")


def test_is_shown_once(draw):
    draw("w")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("weights", ["w", LONG, TWO])
def test_hangul_is_drawn_and_no_text_is_cut_off_or_overlaps(draw, weights, caplog):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph .* missing")
        fig = draw(weights)
        fig.savefig(io.BytesIO(), dpi=fig.dpi)
    assert not caplog.records  # a missing weight of a font is logged
    assert len(found := texts(fig)) >= 2
    assert all(text.get_size() / 72 * plots.DPI >= 8 for text in fig.findobj(Text))  # pixels
    assert_apart(fig, found)


def test_a_figure_made_by_hand_has_room_for_its_labels():
    """As lesson 03 makes one: low, and with a label below and one at the side."""
    fig = plots.Figure(figsize=(5, 2.6), dpi=80)
    ax = fig.subplots()
    ax.set(xlabel="값 value", ylabel="밝기 lightness")
    fig.encoded()
    for label in (ax.xaxis.label, ax.yaxis.label):
        box = label.get_window_extent()
        assert box.x0 >= fig.bbox.x0 and box.y0 >= fig.bbox.y0


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("size", [(40, 40), (64, 40), (40, 60)])
def test_no_line_of_a_long_title_is_cut_off(rows, size):
    fig, axes = plots.new_figure(
        rows, 4, (5, 4), f"{MADE_BY} (twice as long)", extra=0.15 + 0.3 * rows
    )
    for ax in axes:
        plots.draw(ax, Image.new("RGB", size), "")
        ax.set_title("첫째 줄\nsecond line", size=7)
    fig.savefig(io.BytesIO(), dpi=fig.dpi)
    assert all(ax.title.get_window_extent().y1 <= fig.bbox.y1 for ax in fig.axes)


@pytest.mark.parametrize("name", ["two_panel", "similarity"])
def test_pictures_with_a_colour_bar_below_begin_at_the_top(photo, name):
    fig = FIGURES[name](photo, "w")
    fig.savefig(io.BytesIO(), dpi=fig.dpi)
    assert fig.bbox.y1 - fig.axes[0].title.get_window_extent().y1 < 6  # pixels of the page


def test_hangul_is_drawn_with_the_packages_own_font():
    """Not with one that happens to be on this machine; a reader may have none."""
    assert font_manager.findfont(plots.hangul(), fallback_to_default=False) == str(plots.FONT)


TAKE_PHOTOS = {
    "two_panel": lambda p: plots.two_panel(p, MAP, weights="w"),
    "compare": lambda p: plots.compare({"p": p, "m": MAP}, weights="w"),
    "patch_grid": lambda p: plots.patch_grid(p, GRID, weights="w"),
    "similarity": lambda p: patches.draw_similarity({"a": (p, MAP)}, (0, 0), weights="w"),
    "matches": lambda p: patches.draw_matches([p, p], [GRID, GRID], PAIRS, weights="w"),
    "pca": lambda p: parts.draw_pca(p, PICTURE, weights="w"),
    "parts": lambda p: parts.draw_parts(p, LABELS, weights="w"),
    "retrieval": lambda p: search.draw_retrieval(p, FOUND, weights="w"),
    "heads": lambda p: attention.draw_heads(p, HEADS[1:], weights="w"),
    "query": lambda p: attention.draw_queries(p, {"a": (MAP, (0, 0))}, weights="w"),
    "agreement": lambda p: attention.draw_agreement({"a": (p, MAP, -MAP)}, weights="w"),
    "regions": lambda p: objects.draw_regions(p, {"p": p, "m": MAP, "k": MAP > 0.5}, weights="w"),
    "gallery": lambda p: objects.draw_gallery({"a": (p, MAP > 0.5)}, weights="w"),
    "side by side": lambda p: zoo.draw_side_by_side({"a": p}, weights={"a": "w"}),
    "differences": lambda p: preprocessing.draw_differences(
        p, {"post": np.ones((60, 90))}, weights="w"
    ),
}


@pytest.mark.parametrize("name", TAKE_PHOTOS)
def test_every_figure_takes_a_photo_in_any_form(photo, name, tmp_path):
    """A path, the file's bytes, RGBA: what ``load_photo`` reads, and the same picture comes out."""
    photo.save(tmp_path / "사진.png")
    path = tmp_path / "사진.png"
    expected = shown(TAKE_PHOTOS[name](photo))
    for form in (path, str(path), path.read_bytes(), photo.convert("RGBA")):
        assert all(map(np.array_equal, expected, shown(TAKE_PHOTOS[name](form))))


@pytest.mark.parametrize(
    "language, shown",
    [("ko", "학습 안 됨 0"), ("en", "untrained 0"), ("both", "학습 안 됨 untrained 0")],
)
def test_the_codes_own_labels_are_shown_in_the_readers_language(monkeypatch, language, shown):
    monkeypatch.setattr(bilingual, "_chosen", language)
    photo, label = Image.new("RGB", (8, 8)), "untrained 0"
    assert plots.compare({label: photo}, weights="w").axes[0].get_title() == shown
    (text,) = (
        deletion.draw_curves({label: [1, 0]}, weights="w", xlabel="x", ylabel="y")
        .axes[0]
        .get_legend()
        .get_texts()
    )
    assert text.get_text() == shown
