"""Figures of lesson 09: of the line-up, of lengths, of preprocessings."""

import io
import warnings

import numpy as np
import pytest
import torch
from drawn import assert_apart
from PIL import Image

from topics import norms, preprocessing, zoo

LONG = "학습 안 됨 · UNTRAINED vit_small_patch16_224.augreg_in21k_ft_in1k (random weights)"
LENGTHS = torch.rand(12, 1, 400, generator=torch.Generator().manual_seed(0)) + 1
LENGTHS[7:, 0, 0] = 40


def placed_on(photo):
    whole = np.linspace(0, 1, photo.width * photo.height, dtype=np.float32)
    whole = whole.reshape(photo.height, photo.width)
    part = np.where(np.arange(photo.width) > 20, whole**2, np.nan)
    return {"post": whole, "bicubic": whole, "timm": part, "DINO": part**2}


FIGURES = {
    "nine models": lambda photo: zoo.draw_side_by_side(
        {entry.label: photo for entry in zoo.LINE_UP},
        weights={entry.label: LONG for entry in zoo.LINE_UP},
    ),
    "two maps": lambda photo: zoo.draw_side_by_side(
        {"a": torch.rand(4, 6), "b": photo}, weights={"a": LONG, "b": "b"}
    ),
    "histogram": lambda photo: norms.draw_histogram(LENGTHS, 10, weights=LONG),
    "histogram, one length": lambda photo: norms.draw_histogram(
        torch.ones(6, 1, 9), 1, weights="w"
    ),
    "differences": lambda photo: preprocessing.draw_differences(
        photo, placed_on(photo), weights=LONG
    ),
    "one preprocessing": lambda photo: preprocessing.draw_differences(
        photo, {"post": placed_on(photo)["post"]}, weights="w"
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_hangul_is_drawn_and_no_text_is_cut_off_or_overlaps(name, photo):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph .* missing")
        fig = FIGURES[name](photo)
        png = io.BytesIO()
        fig.savefig(png)
    assert png.tell() < 150_000
    texts = [fig._supxlabel, *(text for ax in fig.axes for text in (ax.title, *ax.texts))]
    assert_apart(fig, [text for text in texts if text.get_text()])


def test_each_panel_names_the_weights_that_made_it(photo):
    captions = {entry.label: f"w{i} · {entry.name} (hub)" for i, entry in enumerate(zoo.LINE_UP)}
    fig = zoo.draw_side_by_side({label: photo for label in captions}, weights=captions)
    for ax, (label, caption) in zip(fig.axes, captions.items()):
        assert ax.get_title().endswith(label)
        (under,) = ax.texts
        assert under.get_text().replace("\n", "") == caption.replace(" · ", "")
        assert under.get_position()[1] < 0
    assert fig.get_supxlabel() == "가중치 weights: 그림마다 그 아래에 · under each picture"


@pytest.mark.parametrize("models", [2, 3, 6, 11])
@pytest.mark.parametrize("size", [(90, 60), (60, 60)])
def test_captions_push_nothing_apart(models, size):
    """Pictures of one size, side by side; the last row's captions end just above the foot."""
    labels = [str(i) for i in range(models)]
    photo = Image.new("RGB", size)
    fig = zoo.draw_side_by_side(dict.fromkeys(labels, photo), weights=dict.fromkeys(labels, LONG))
    fig.draw_without_rendering()
    shown = [ax.get_window_extent() for ax in fig.axes[:models]]
    assert {round(box.width) for box in shown} == {round(shown[0].width)}
    lowest = min(text.get_window_extent().y0 for ax in fig.axes for text in ax.texts)
    assert 0 < lowest - fig._supxlabel.get_window_extent().y1 < 0.25 * fig.dpi


def test_no_panel_without_its_weights(photo):
    with pytest.raises(KeyError, match="b"):
        zoo.draw_side_by_side({"a": photo, "b": photo}, weights={"a": "w"})


def test_histogram_draws_shares_and_the_cut_off():
    fig = norms.draw_histogram(LENGTHS, 10, weights="w")
    ax = fig.axes[0]
    mesh = ax.collections[0].get_array()
    assert np.ma.filled(mesh, 0).sum(axis=0) == pytest.approx(np.ones(12))  # every patch is there
    (line,) = ax.patches
    assert line.get_data().values == pytest.approx(10 * np.median(LENGTHS[:, 0], axis=1), rel=0.01)
    assert [text.get_text() for text in ax.texts] == ["0.0%"] * 7 + ["0.2%"] * 5
    low, high = ax.get_ylim()
    assert low < LENGTHS.min() and high > 40  # the outliers are in the picture
    assert fig.get_supxlabel() == "가중치 weights: w"


def test_differences_share_one_scale_and_show_what_was_not_seen(photo):
    placed = placed_on(photo)
    fig = preprocessing.draw_differences(photo, placed, weights="w")
    upper, lower = fig.axes[:4], fig.axes[4:8]
    assert [ax.get_title() for ax in upper] == list(placed)
    assert not lower[0].images  # the first minus itself says nothing
    shown = [ax.images[1] for ax in lower[1:]]
    assert len({image.get_clim() for image in shown}) == 1
    low, high = shown[0].get_clim()
    assert low == -high and high == max(np.abs(image.get_array()).max() for image in shown)
    for ax, m in zip(upper, placed.values()):
        assert np.array_equal(np.ma.getmaskarray(ax.images[1].get_array()), np.isnan(m))
    for ax, m in zip(lower[1:], list(placed.values())[1:]):
        expected = preprocessing.difference(m, placed["post"])
        assert np.array_equal(np.ma.filled(ax.images[1].get_array(), np.nan), expected, True)
