"""Figures in any style: text and lines are seen, colour bars are true."""

import base64
import io
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from drawn import FIGURES, HEADS, MAP, texts
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from PIL import Image

from helpers import overlay, plots
from tools.notebooks import light
from topics import deletion, features, heads, patches
from training import figures, snapshots, told

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
