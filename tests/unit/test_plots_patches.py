"""Figures of lesson 06: what similarity, pca, parts, matches, rates and retrieval show."""

import io

import numpy as np
import torch
from drawn import FOUND, GRID, LABELS, PAIRS, PICTURE, shown

from helpers import overlay
from topics import parts, patches, search


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
