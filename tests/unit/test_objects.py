"""Objects found in features whose answer is known; their figures; lesson 07's checks."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from verdicts import verdicts

from bilingual import BadInput
from classroom.checks import lesson_07, lesson_08
from topics import deletion, objects
from topics.objects import Found, component, largest_component, lost, mask_box, token_cut


def mask(*rows):
    return torch.tensor([[c == "#" for c in row] for row in rows])


PIECES = mask("##..#.", "#...#.", "..#.##", "#...#.")


# --- masks and boxes ---


def test_component_holds_the_seed_and_touches_by_sides():
    expected = mask("....#.", "....#.", "....##", "....#.")
    assert torch.equal(component(PIECES, (2, 5)), expected)
    assert torch.equal(component(PIECES, (2, 2)).nonzero(), torch.tensor([[2, 2]]))
    assert not component(PIECES, (0, 2)).any()  # a seed on the ground


def test_largest_component():
    assert torch.equal(largest_component(PIECES), component(PIECES, (0, 4)))
    assert not largest_component(torch.zeros(3, 4, dtype=torch.bool)).any()


def test_box_ends_just_outside_the_mask():
    assert mask_box(PIECES) == (0, 0, 6, 4)
    assert mask_box(component(PIECES, (0, 0))) == (0, 0, 2, 2)
    assert mask_box(mask("....", "..#.")) == (2, 1, 3, 2)
    assert all(type(edge) is int for edge in mask_box(PIECES))
    with pytest.raises(ValueError, match="빈 마스크.*\nAn empty mask"):
        mask_box(torch.zeros(2, 2, dtype=torch.bool))


# --- LOST ---

OBJECT = mask("......", "...##.", "...##.", "#.....")  # one object, and one like patch far off
ANSWER = mask("......", "...##.", "...##.", "......")


def features(where, inside, outside):
    """One row of features a patch: `inside` where the mask is true, else `outside`."""
    inside, outside = torch.tensor(inside), torch.tensor(outside)
    return torch.where(where.flatten()[:, None], inside, outside)


def test_lost_finds_the_few_patches_unlike_the_rest():
    found = lost(features(OBJECT, [-0.1, 1.0], [1.0, 0.0]), (4, 6))
    assert torch.equal(found.mask, ANSWER)
    assert found.seed == (1, 3) and found.box == (3, 1, 5, 3)
    assert found.m.shape == (4, 6) and torch.equal(found.m >= 0, OBJECT)


def test_lost_starts_at_the_lowest_degree():
    """The lone patch is joined to itself only, so it is the seed, though it comes last."""
    rows = features(ANSWER, [-0.1, 1.0, 0.0], [1.0, 0.0, 0.0])
    rows[23] = torch.tensor([-0.1, -0.1, 1.0])
    found = lost(rows, (4, 6))
    assert found.seed == (3, 5) and found.box == (5, 3, 6, 4)


def test_lost_grows_over_its_k_patches():
    """c is unlike the seed a but like b; it joins only if b is gathered, too."""
    a, b, c = [1.0, 0.0, 0.0], [0.5, 1.0, 0.0], [-0.2, 1.0, 0.0]
    ground = [-1.0, -0.5, 1.0]
    rows = torch.tensor([a, b, c] + [ground] * 7)
    assert lost(rows, (1, 10), k=1).mask[0].nonzero().flatten().tolist() == [0, 1]
    assert lost(rows, (1, 10), k=3).mask[0].nonzero().flatten().tolist() == [0, 1, 2]


def test_lost_counts_a_right_angle_as_joined():
    """The paper joins at a product of 0 or more: nothing stands out, all is one piece."""
    found = lost(features(OBJECT, [0.0, 1.0], [1.0, 0.0]), (4, 6))
    assert found.mask.all() and found.seed == (0, 0)


@pytest.mark.parametrize("find", [lost, token_cut])
@pytest.mark.parametrize("grid", [(4, 7), (24, 6), (4, 5)])
def test_a_grid_that_does_not_fit(find, grid):
    rows = features(OBJECT, [-0.1, 1.0], [1.0, 0.0])
    for tokens in (rows, rows[None]):  # as ``encode`` gives them
        assert find(tokens, (4, 6)).box == find(rows, (4, 6)).box
        with pytest.raises(BadInput, match="24 patch tokens, but the grid has"):
            find(tokens, grid)


# --- TokenCut ---


@pytest.fixture
def noisy():
    """Features of two kinds with some noise; cosine about 0.5 between kinds, 0.97 within."""
    generator = torch.Generator().manual_seed(0)
    rows = features(ANSWER, [1.0, 0.0, 0.0, 0.0], [0.5, 0.87, 0.0, 0.0])
    return rows + 0.08 * torch.randn(rows.shape, generator=generator)


def test_token_cut_finds_the_smaller_kind(noisy):
    found = token_cut(noisy, (4, 6), tau=0.7)
    assert torch.equal(found.mask, ANSWER) and found.box == (3, 1, 5, 3)
    assert torch.equal(found.m > found.m.mean(), ANSWER)
    assert ANSWER[found.seed] and found.m[found.seed] == found.m.max()


def test_token_cut_does_not_mind_length_or_sign(noisy):
    longer = noisy * torch.linspace(1, 9, 24)[:, None]
    for rows in (longer, -noisy):
        assert torch.equal(token_cut(rows, (4, 6), tau=0.7).mask, ANSWER)


@pytest.mark.parametrize("sign", [1, -1])
def test_token_cut_turns_the_object_up(noisy, sign, monkeypatch):
    """An eigenvector's sign is LAPACK's whim."""
    linalg = objects.scipy.linalg
    solve = linalg.eigh
    monkeypatch.setattr(linalg, "eigh", lambda *args, **kw: (None, sign * solve(*args, **kw)[1]))
    found = token_cut(noisy, (4, 6), tau=0.7)
    assert torch.equal(found.mask, ANSWER) and found.m[found.seed] == found.m.max()


def test_tau_decides_what_is_joined(noisy):
    """At 0.2 the two kinds are joined, and there is nothing to cut along."""
    assert not torch.equal(token_cut(noisy, (4, 6), tau=0.2).mask, ANSWER)
    apart = features(ANSWER, [1.0, 0.0], [0.1, 1.0])  # a cosine of 0.1, below the default
    assert torch.equal(token_cut(apart, (4, 6)).mask, ANSWER)


def test_token_cut_keeps_one_piece():
    found = token_cut(features(OBJECT, [1.0, 0.0], [0.0, 1.0]), (4, 6))
    assert torch.equal(found.m > found.m.mean(), OBJECT)
    assert torch.equal(found.mask, component(OBJECT, found.seed))


def test_token_cut_solves_the_normalised_cut(noisy):
    x = token_cut(noisy, (4, 6), tau=0.7).m.flatten().double()
    unit = torch.nn.functional.normalize(noisy.double(), dim=-1)
    joins = torch.where(unit @ unit.T > 0.7, torch.tensor(1.0).double(), 1e-5)
    sums = joins.sum(1)
    assert (x * sums).sum().abs() < 1e-5 * (x.abs() * sums).sum()  # not the trivial solution
    left = sums * x - joins @ x
    value = (x @ left) / (x @ (sums * x))
    assert 0 < value < 0.01  # next to no join is cut
    assert torch.allclose(left, value * sums * x, atol=1e-5)


# --- keys ---


class Recorder:
    """Remember what a layer gives out."""

    def __init__(self, layer):
        self.hook = layer.register_forward_hook(self)

    def __call__(self, layer, args, output):
        self.output = output

    def stop(self):
        self.hook.remove()
        return self.output


def test_keys_are_those_of_the_block(embedded):
    tensor = torch.randn(1, 3, 24, 32, generator=torch.Generator().manual_seed(0))
    for block in (-1, 2):
        qkv = Recorder(embedded.blocks[block].attn.qkv)
        keys = objects.key_features(embedded, tensor, block)
        by_hand = qkv.stop()[0, 1:, 192:384]  # query, key and value stand in this order
        assert keys.shape == (12, 192) and torch.allclose(keys, by_hand, atol=1e-5)


def test_reading_keys_leaves_no_hook(embedded):
    objects.key_features(embedded, torch.zeros(1, 3, 16, 16))
    assert not embedded.blocks[-1].attn.k_norm._forward_hooks


# --- figures ---

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


# --- the checks of lessons 07_objects and 08_measuring ---


def test_box_check(said):
    wrong = [(3, 1, 4, 2), (1, 3, 3, 5), (3, 1, 2, 2), (0, 0, 6, 4)]
    verdicts(said, lesson_07.check_box, [(3, 1, 5, 3)], wrong, ANSWER)
    assert "맞습니다!" in said(lesson_07.check_box, torch.tensor([3, 1, 5, 3]), ANSWER)


def test_jaccard_check(said):
    found, truth = mask("###..", "##..."), mask(".###.", ".....")
    assert (found == truth).float().mean() == pytest.approx(0.6)  # both ground counted, too
    wrong = [0.6, 2 / 3, 2 / 5, 2 * 2 / 8, 6 / 2, 0.9, "half"]
    verdicts(said, lesson_08.check_jaccard, [2 / 6], wrong, found, truth)
    other = mask(".####", "####.")
    assert "1에서" in said(lesson_08.check_jaccard, 1 - 3 / 8, other, truth)


def test_seed_check(said):
    degree = torch.full((4, 6), 5)
    degree[1, 4], degree[3, 0] = 1, 9
    wrong = [10, (4, 1), (2, 2), (3, 0), 1, (0, 0), "top"]
    verdicts(said, lesson_07.check_seed, [(1, 4)], wrong, degree)
    assert "맞습니다!" in said(lesson_07.check_seed, [1, 4], degree)
    assert "along one line" in said(lesson_07.check_seed, 10, degree)


@pytest.mark.parametrize("sign", [1, -1])
def test_side_check(said, sign):
    """The object is where the value of largest size is, whichever sign an eigenvector has."""
    x = sign * torch.tensor([[0.1, 0.2, 0.3], [0.2, -2.0, -1.5]])
    side = torch.tensor([[False] * 3, [False, True, True]])
    half = torch.tensor([[True, False, False], [False, True, True]])
    wrong = [~side, half, x, torch.ones(2, 3, dtype=torch.bool), "left"]
    verdicts(said, lesson_07.check_side, [side, side.numpy()], wrong, x)
    far = sign * torch.tensor([[1.0, 1.2, 1.1], [1.1, -2.0, 0.2]])  # large in size on both sides
    by_size = abs(far) > abs(far).mean()
    assert "편을 고를 때만" in said(lesson_07.check_side, by_size, far)


def test_chance_check(said):
    views = [
        SimpleNamespace(masks=torch.stack([mask("##..", "...."), mask("....", "##..")])),
        SimpleNamespace(masks=mask("#.....", "......", "......")[None]),
    ]
    right = (4 / 8 + 1 / 18) / 2
    shares = [4 / 8, 1 / 18]
    wrong = [
        (2 / 8 + 1 / 18) / 2,
        5 / 26,
        1 - right,
        (1 / 8 + 1 / 18) / 2,
        100 * right,
        shares,
        0.9,
    ]
    verdicts(said, lesson_08.check_chance, [right], wrong, views)


def test_area_check(said):
    curve = torch.tensor([1.0, 0.5, 0.2, 0.1])
    steps = [0.75, 0.35, 0.15]
    wrong = [0.45, sum(steps), sum(steps) / 4, 1.7 / 3, 0.8 / 3, 1 - sum(steps) / 3, 0.9]
    verdicts(said, lesson_08.check_area, [sum(steps) / 3], wrong, curve)
