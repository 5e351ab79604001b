"""Figures: what they show, that nothing is cut off, and that Hangul is drawn."""

import base64
import io
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

import bilingual
from bilingual import BadInput
from helpers import images, maps, overlay, plots
from tools.notebooks import light
from topics import (
    attention,
    deletion,
    features,
    heads,
    objects,
    parts,
    patches,
    preprocessing,
    search,
    zoo,
)
from training import figures, snapshots, told

MADE_BY = (
    "합성한 그림으로 학습한 내장 DINO · embedded DINO, trained on composites (112 px, patch 8)"
)
CAPTION = f"가중치 weights: {MADE_BY}"
LONG = "학습 안 됨 · UNTRAINED vit_base_patch16_224.augreg2_in21k_ft_in1k (random weights)"
TWO = f"{MADE_BY} / embedded: 학습 안 됨 · UNTRAINED (random weights)"  # two lines
GRID = (4, 6)
HEADS = torch.arange(6 * 24.0).reshape(6, *GRID)
MAP = maps.min_max(HEADS[0])
LABELS = (torch.arange(24) // 6).reshape(GRID)
PAIRS = torch.tensor([[0, 23], [9, 2]])
PICTURE = parts.pca_rgb(torch.randn(24, 8, generator=torch.Generator().manual_seed(0)), GRID)
FOUND = [
    search.Found(path, score) for path, score in zip(images.sample_photos(), (1, 0.5, 0.25, -1))
]

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
    "heads": lambda photo, weights: attention.draw_heads(photo, HEADS, weights=weights),
    "patch_grid": lambda photo, weights: plots.patch_grid(
        photo, GRID, weights=weights, highlight=(3, 5)
    ),
    "similarity": lambda photo, weights: patches.draw_similarity(
        {"학습된 trained": (photo, HEADS[0]), "학습되지 않은 untrained": (photo, -HEADS[1])},
        (1, 2),
        weights=weights,
    ),
    "pca": lambda photo, weights: parts.draw_pca(photo, PICTURE, weights=weights),
    "pca, tall": lambda photo, weights: parts.draw_pca(
        photo.resize((40, 160)), PICTURE, weights=weights
    ),
    "parts": lambda photo, weights: parts.draw_parts(photo, LABELS, weights=weights),
    "matches": lambda photo, weights: patches.draw_matches(
        [photo, photo.resize((40, 160))], [GRID, (6, 4)], PAIRS, weights=weights
    ),
    "rates": lambda photo, weights: patches.draw_rates(
        {"학습된 trained,\n뒤집음 mirrored": (0.5, 1), "우연 chance": (0, 0)}, weights=weights
    ),
    "retrieval": lambda photo, weights: search.draw_retrieval(photo, FOUND, weights=weights),
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
    page = fig.bbox
    boxes = [text.get_window_extent() for text in texts(fig)]
    assert len(boxes) >= 2
    assert all(text.get_size() / 72 * plots.DPI >= 8 for text in fig.findobj(Text))  # pixels
    for box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


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


def texts(fig):
    """All text of a figure; most axes are switched off, but for their titles."""
    found = [fig._supxlabel, *(ax.title for ax in fig.axes)]
    for ax in fig.axes:
        found += [ax.xaxis.label, *ax.get_xticklabels()] if ax.axison else []
    return [text for text in found if text.get_text()]


def test_hangul_is_drawn_with_the_packages_own_font():
    """Not with one that happens to be on this machine; a reader may have none."""
    assert font_manager.findfont(plots.hangul(), fallback_to_default=False) == str(plots.FONT)


STYLES = "default", "classic", "dark_background", "ggplot", "grayscale", "seaborn-v0_8"


def contrast(a, b):
    """WCAG's contrast of two colours, 1 to 21."""
    a, b = (
        sum(
            k * ((v + 0.055) / 1.055) ** 2.4 if v > 0.04 else k * v / 12.92 for k, v in zip(LUMA, c)
        )
        for c in (to_rgb(a), to_rgb(b))
    )
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


LUMA = 0.2126, 0.7152, 0.0722


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ["two_panel", "similarity", "rates"])
def test_all_text_is_drawn_and_read_in_any_style(photo, name, style):
    """A style takes rcParams away, as rcdefaults does; so none of ours is set there. A dark one
    may be the reader's answer to a dark page."""
    with warnings.catch_warnings(), plt.style.context(style):
        warnings.filterwarnings("error", message="Glyph .* missing")
        before = dict(matplotlib.rcParams)
        fig = FIGURES[name](photo, "뷁똠 あ 漢字")
        fig.savefig(io.BytesIO(), dpi=fig.dpi)
        assert dict(matplotlib.rcParams) == before
        boxes = [text.get_window_extent() for text in texts(fig)]
        for text in texts(fig):
            paper, ink, alpha = fig.get_facecolor()[:3], to_rgb(text.get_color()), text.get_alpha()
            share = 1 if alpha is None else alpha
            seen = [share * a + (1 - share) * b for a, b in zip(ink, paper)]
            assert contrast(seen, paper) >= 4.5, text
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


RUN = {name: [1.0, 0.5] for name in ("loss", "entropy", "batch_entropy")}
LINES = {
    "few_shot": lambda: features.draw_few_shot(
        {"a": torch.rand(2, 3)}, (1, 5), chance=0.5, weights="w"
    ),
    "distances": lambda: heads.draw_distances({"a": torch.ones(2, 3)}, lines={"b": 1}, weights="w"),
    "deletion": lambda: deletion.draw_curves({"a": MAP[0]}, weights="w", xlabel="x", ylabel="y"),
    "training": lambda: figures.curves({"a": RUN}, 8, weights="w"),
    "stage": lambda: told.draw_stage(snapshots.load(), 1),
}


@pytest.mark.parametrize("style", ["default", "dark_background"])
@pytest.mark.parametrize("name", LINES)
def test_all_lines_are_seen_in_light_and_dark(name, style):
    with plt.style.context(style):
        for line in LINES[name]().findobj(Line2D):
            if line.axes and line.axes.axison and line.get_linestyle() != "None":
                assert contrast(line.get_color(), line.axes.get_facecolor()[:3]) > 1.6


def test_a_diagram_of_coloured_words_stays_on_white():
    with plt.style.context("dark_background"):
        fig = told.draw_dino()
    assert to_rgb(fig.get_facecolor()) == (1, 1, 1)
    assert all(contrast(t.get_color(), "white") > 3 for t in fig.axes[0].texts)


@pytest.mark.parametrize("cmap", overlay.COLORMAPS)
@pytest.mark.parametrize("name", ["two_panel", "similarity"])
def test_a_stored_colour_bar_is_true(photo, name, cmap):
    """From end to end it has the colours that the colormap gives the map's numbers. In 256 colours
    it fell into bands and ended in beige."""
    figure = {
        "two_panel": lambda: plots.two_panel(photo, MAP, weights="w", cmap=cmap),
        "similarity": lambda: patches.draw_similarity(
            {"a": (photo, HEADS[0]), "b": (photo, HEADS[1] / 2)}, (1, 2), weights="w", cmap=cmap
        ),
    }[name]()
    jpeg = figure._repr_jpeg_()[0]
    stored = light(base64.b64encode(jpeg).decode())
    bar = figure.axes[-1]
    assert bar.get_xlim() == ((0, 1) if name == "two_panel" else (0, 47 / 2))
    picture = Image.open(io.BytesIO(base64.b64decode(stored))).convert("RGB")
    box = bar.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    scale = picture.width / figure.get_size_inches()[0]
    left, right = box.x0 * scale + 3, box.x1 * scale - 3
    row = picture.height - (box.y0 + box.y1) / 2 * scale
    shares = np.linspace(0, 1, 41)
    seen = np.array([picture.getpixel((left + s * (right - left), row)) for s in shares])
    expected = overlay.colorize(shares[None], cmap)[0]
    assert np.abs(seen.astype(int) - expected).max() <= 24


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


# --- lesson 06 ---


def test_similarity_has_one_scale_and_outlines_the_query(photo):
    m, other = torch.linspace(-0.5, 0.5, 24).reshape(GRID), torch.full(GRID, 1.0)
    fig = patches.draw_similarity({"a": (photo, m), "b": (photo, other)}, (3, 1), weights="w")
    first, a, b = shown(fig)[:3]
    assert np.array_equal(first, np.asarray(photo))
    for panel, values in ((a, (m + 0.5) / 1.5), (b, torch.ones(GRID))):
        expected = overlay.blend(photo, values, 0.75, smooth=False)
        assert np.abs(panel.astype(int) - np.asarray(expected)).max() <= 1
    outlines = [[p.get_xy() for p in ax.patches] for ax in fig.axes[:3]]
    assert outlines == [[(1, 3)], [(1, 3)], []]
    assert fig.axes[0].images[0].get_extent() == [0, 6, 4, 0]
    low, high = fig.axes[3].get_xlim()
    assert (low, high) == (-0.5, 1)


def test_pca_shows_each_colour_in_grey_and_the_border_of_the_foreground(photo):
    fig = parts.draw_pca(photo, PICTURE, weights="w")
    inside = PICTURE.foreground.numpy()
    _, first, colours, red, green, blue = shown(fig)
    assert np.array_equal(first, PICTURE.first.numpy())
    assert np.array_equal(colours[inside], PICTURE.rgb[PICTURE.foreground].numpy())
    assert (colours[~inside] == 1).all() and (red[~inside] == 1).all()
    for channel, grey in enumerate((red, green, blue)):
        assert (grey[inside] == colours[inside][:, channel, None]).all()
    vertical, horizontal = fig.axes[0].collections
    sides = (inside[:, 1:] != inside[:, :-1]).sum(), (inside[1:] != inside[:-1]).sum()
    assert (len(vertical.get_segments()), len(horizontal.get_segments())) == sides


def test_parts_numbers_every_patch(photo):
    fig = parts.draw_parts(photo, LABELS, weights="w")
    texts = fig.axes[1].texts
    assert [text.get_text() for text in texts] == [str(i) for i in LABELS.flatten().tolist()]
    assert texts[13].get_position() == (1.5, 2.5)
    assert fig.axes[1].get_title() == "부분 parts: 0 … 3"
    lines = [s[0].tolist() for c in fig.axes[0].collections for s in c.get_segments()]
    assert [0, 1] in lines and [0, 2] in lines and [0, 3] in lines  # between the rows


def test_matches_join_the_middles_of_the_right_patches(photo):
    fig = patches.draw_matches([photo, photo], [GRID, (6, 4)], PAIRS, weights="w")
    ends = [(line.xy1, line.xy2) for line in fig.artists]
    assert ends == [((0.5, 0.5), (3.5, 5.5)), ((3.5, 1.5), (2.5, 0.5))]
    for ax, side in zip(fig.axes, (0, 1)):
        assert [t.get_text() for t in ax.texts] == ["1", "2"]
        assert [t.get_position() for t in ax.texts] == [end[side] for end in ends]
    assert (
        len(patches.draw_matches([photo] * 2, [GRID] * 2, PAIRS, weights="w", most=1).artists) == 1
    )


def test_rates_writes_what_it_draws():
    fig = patches.draw_rates({"a": (0.25, 0.5), "b": (0, 1)}, weights="w")
    widths = [bar.get_width() for bar in fig.axes[0].patches]
    assert widths == [0.5, 0.25, 1, 0]  # within one patch behind, exact before it
    assert [t.get_text() for t in fig.axes[0].texts] == ["25% | 50%", "0% | 100%"]


def test_retrieval_names_photos_and_scores(photo):
    fig = search.draw_retrieval(photo, FOUND, weights="w")
    titles = [ax.get_title() for ax in fig.axes]
    assert titles[0].startswith("질의 query") and titles[2] == f"2: 0.50\n{FOUND[1].path.name}"
    assert len(shown(fig)) == 5


def test_a_name_is_not_taken_for_words_in_two_languages(photo, tmp_path, monkeypatch):
    monkeypatch.setenv("DINO_LANGUAGE", "en")
    photo.save(tmp_path / "여름 sea 2.jpg")
    found = [search.Found(tmp_path / "여름 sea 2.jpg", 1)]
    fig = search.draw_retrieval(photo, found, weights="w")
    assert fig.axes[1].get_title().endswith("\n여름 sea 2.jpg")


def test_a_name_with_dollars_is_no_formula(photo, tmp_path):
    """matplotlib would stop at such a name, or set the weights' in italics."""
    path = tmp_path / "$\\frac$ 10.png"
    photo.save(path)
    fig = search.draw_retrieval(photo, [search.Found(path, 0.9)], weights="$\\no$ such $formula")
    fig.savefig(io.BytesIO())
    assert fig.axes[1].get_title().endswith(path.name)


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
