"""What is measured of a network, on maps made by hand, and the table it is told in."""

import json

import pytest
import torch
from safetensors.torch import save_file

from topics.masks import mass_mask
from topics.measure import jaccard
from training import dino, evaluate, measures, snapshots


@pytest.fixture
def truth():
    truth = torch.zeros(2, 14, 14, dtype=torch.bool)
    truth[0, 5:9, 5:9] = truth[1, :3, :3] = True
    return truth


def test_a_mask_holds_the_asked_mass_and_no_patch_more():
    attention = torch.tensor([[0.5, 0.1], [0.3, 0.1]])
    assert mass_mask(attention, 0.6).tolist() == [[True, False], [True, False]]
    truth = torch.tensor([[True, True], [False, False]])
    assert jaccard(mass_mask(attention, 0.6), truth) == pytest.approx(1 / 3)


def test_the_best_head_is_taken_and_the_mean_points(truth):
    good, bad = truth.float() + 1e-4, 1.0001 - truth.float()
    best, hit = measures.scores(torch.stack([bad / 100, good], 1), truth)
    # 60 % of an even map on 16 (9) patches: 10 (6) of them.
    assert best == pytest.approx((10 / 16 + 6 / 9) / 2) and hit == 1
    assert measures.scores(bad[:, None], truth)[1] == 0
    nothing = torch.zeros(1, 14, 14, dtype=torch.bool)
    alone = measures.scores(good[:, None], truth)
    both = torch.cat([good, good[:1]])[:, None]
    assert measures.scores(both, torch.cat([truth, nothing])) == alone


def test_areas_count_order_only(truth):
    assert measures.area_under_curve(truth.float() * 1e-6, truth) == 1
    assert measures.area_under_curve(1 - truth.float(), truth) == 0
    assert measures.area_under_curve(torch.ones(2, 14, 14), truth) == 0.5


def test_the_centre_prior_finds_what_is_in_the_middle(truth):
    maps = measures.centre_map(2)
    assert measures.area_under_curve(maps[:1], truth[:1]) > 0.99
    assert measures.area_under_curve(maps[1:], truth[1:]) < 0.15
    assert measures.pointing(maps, truth) == 0.5  # the four middle patches are equal
    half = truth[:1].clone()
    half[0, :7] = False
    assert measures.pointing(maps[:1], half) == 0.5
    assert measures.best_disc(truth[:1]) == 1 and measures.best_disc(truth) == 0.5


def test_a_linear_probe_needs_what_the_tokens_tell():
    truth = torch.rand(6, 14, 14, generator=torch.Generator().manual_seed(0)) < 0.3
    noise = torch.randn(6, 196, 300, generator=torch.Generator().manual_seed(1))
    told = noise.clone()
    told[..., 2] += 20 * truth.flatten(1)
    assert measures.linear_probe(told, truth) > 0.95
    assert measures.linear_probe(noise, truth) < 0.5


def test_a_sight_is_the_networks_own_attention_and_tokens():
    backbone = dino.build_backbone(depth=2).eval()
    caught = []
    last = backbone.blocks[-1].attn
    last.fused_attn = False
    last.attn_drop.register_forward_pre_hook(lambda m, a: caught.append(a[0]))
    images = torch.randn(3, 3, 112, 112)
    sight = measures.look(backbone, images, batch=2)
    assert sight.rows.shape == (2, 3, 6, 14, 14) and sight.tokens.shape == (3, 197, 192)
    seen = torch.cat(caught)[:, :, 0, 1:].unflatten(-1, (14, 14))
    assert torch.allclose(sight.rows[-1], seen, atol=1e-6)
    lengths = measures.lengths(sight.tokens)
    assert torch.allclose(lengths[1, 0, 1], sight.tokens[1, 2].norm())


def test_the_table_has_every_measure_with_range_prior_and_goal():
    names = list(evaluate.GOALS)
    untrained = [dict.fromkeys(names, value) for value in (0.1, 0.3)]
    rows = evaluate.table(untrained, {names[0]: 0.7}, {"embedded": dict.fromkeys(names, 0.9123)})
    assert len(rows) == 2 + len(names)
    goal = evaluate.GOALS[names[0]]
    assert rows[2] == f"| {names[0]} | 0.20 (0.10 to 0.30) | 0.70 | 0.912 | {goal} |"
    assert "| – | 0.912 |" in rows[3]


def test_snapshots_tell_a_training_over_its_runs(tmp_path):
    for run, steps in (("a", (5, 10)), ("b", (4, 8))):
        folder = tmp_path / run
        folder.mkdir()
        for step in steps:
            torch.manual_seed(step)
            state = dino.build_backbone().state_dict()
            save_file(state, folder / f"step_{step:06}.safetensors")
        rows = [{"step": s, "dino": s / 10, "jaccard": 0.5} for s in steps]
        (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    runs = [tmp_path / "a", tmp_path / "b"]
    start = runs[0] / "step_000005.safetensors"
    snapshots.write(runs, [start], tmp_path / "s.npz")
    stored = snapshots.load(tmp_path / "s.npz")
    assert stored.names == ["untrained", "part 1", "step 5", "step 10", "step 14", "step 18"]
    assert stored.steps.tolist() == [-1, 0, 5, 10, 14, 18]
    assert stored.attention.shape == (6, 2, 6, 14, 14) and stored.norms.shape == (6, 2, 14, 14)
    assert (stored.attention[1] == stored.attention[2]).all()  # the very same weights
    assert not (stored.attention[0] == stored.attention[1]).all()
    assert stored.curves["dino"].tolist()[0] == [5, 10, 14, 18]
    assert stored.curves["dino"][1] == pytest.approx([0.5, 1.0, 0.4, 0.8])

    snapshots.write(runs, [start], tmp_path / "s.npz", ends=[start] * 3)
    stored = snapshots.load(tmp_path / "s.npz")
    assert stored.names[5:] == ["step 18", "average", "part 3", "part 4"]
    assert stored.steps.tolist()[5:] == [18] * 4


def test_plain_pictures_are_those_whose_ground_shows_nothing_of_its_own():
    grounds = torch.tensor([0, int(measures.WITH_THINGS[0]), 5])
    pictures = torch.rand(3, 3, 8, 8), torch.rand(3, 2, 2) > 0.5, grounds
    images, truth, kept = measures.plain(pictures)
    assert torch.equal(images, pictures[0][[0, 2]]) and torch.equal(truth, pictures[1][[0, 2]])
    assert kept.tolist() == [0, 5]
