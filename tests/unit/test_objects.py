"""Objects found in features whose answer is known: masks and boxes, LOST, TokenCut, and keys."""

import pytest
import torch
from grids import ANSWER, OBJECT, mask

from bilingual import BadInput
from topics import objects
from topics.objects import component, largest_component, lost, mask_box, token_cut

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
