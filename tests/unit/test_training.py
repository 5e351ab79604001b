"""The trainer's parts against plain torch, and the shipped weights against their sum."""

import hashlib
import math
import re

import pytest
import torch

from helpers.maps import mass_mask
from helpers.models import EMBEDDED_DIR
from training import dino, evaluate, export, scenes, train


@pytest.fixture(scope="module")
def pool():
    """A pool as `training.collect` writes it, of plain discs on noise."""
    generator = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(torch.linspace(-1, 1, 128), torch.linspace(-1, 1, 128), indexing="ij")
    disc = ((x**2 + y**2) < 0.8).to(torch.uint8) * 255
    colour = torch.randint(0, 256, (8, 3, 1, 1), generator=generator, dtype=torch.uint8)
    cutouts = torch.cat([colour.expand(8, 3, 128, 128), disc.expand(8, 1, 128, 128)], 1)
    grounds = torch.randint(0, 256, (8, 3, 256, 256), generator=generator, dtype=torch.uint8)
    held = torch.arange(8) % 4 == 0
    return {"cutouts": cutouts, "grounds": grounds, "cutout_held": held, "ground_held": held}


def test_teacher_moves_by_the_moving_average():
    student, teacher = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    expected = 0.9 * teacher.weight + 0.1 * student.weight
    dino.update_teacher(teacher, student, 0.9)
    assert torch.allclose(teacher.weight, expected)


def test_centre_is_the_running_mean_of_the_teachers_scores():
    loss = dino.Loss(out=4, centre_momentum=0.9)
    scores = torch.randn(6, 4)
    loss.update_centre(scores)
    loss.update_centre(scores)
    assert torch.allclose(loss.centre, 0.1 * scores.mean(0) * (1 + 0.9))
    still = dino.Loss(out=4, centring=False)
    still.update_centre(scores)
    assert still.centre.abs().sum() == 0


def test_loss_is_the_cross_entropy_of_every_other_pair_of_crops():
    loss = dino.Loss(out=5, student_temp=0.1, teacher_temp=0.04)
    loss.centre = centre = torch.randn(5)
    student, teacher = torch.randn(3, 2, 5), torch.randn(2, 2, 5)  # two global, one local
    expected = []
    for t in range(2):
        for s in range(3):
            if t != s:
                answer = ((teacher[t] - centre) / 0.04).softmax(-1)
                log = torch.log((student[s] / 0.1).softmax(-1))
                expected.append(-(answer * log).sum() / 2)
    value, watch = loss(list(student), list(teacher))
    assert value == pytest.approx(sum(expected).item() / 4, rel=1e-4)
    assert 0 <= watch["entropy"] <= watch["batch_entropy"] <= math.log(5) + 1e-6


def test_schedule_warms_up_then_falls():
    values = [dino.cosine(step, 100, 1.0, 0.1, warmup=10) for step in range(101)]
    assert values[10] == 1.0
    assert values[0] == pytest.approx(0.1) and values[100] == pytest.approx(0.1)
    assert values[55] == pytest.approx(0.55)  # half-way down


def test_koleo_is_lower_for_a_batch_that_is_spread_out():
    spread = torch.eye(4)
    close = torch.nn.functional.normalize(1 + 0.1 * spread)
    assert dino.koleo(spread).item() == pytest.approx(-math.log(math.sqrt(2)))
    assert dino.koleo(close) > dino.koleo(spread) + 1


def test_crops_of_mixed_sizes_come_back_in_order():
    network = dino.Network(dino.build_backbone(depth=1), dino.Head(out=8)).eval()
    crops = [torch.randn(2, 3, size, size) for size in (32, 16, 32)]
    scores, _ = network(crops)
    alone = [network([crop])[0][0] for crop in crops]
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(scores, alone))


def test_a_mask_holds_the_asked_mass_and_no_patch_more():
    attention = torch.tensor([[0.5, 0.1], [0.3, 0.1]])
    assert mass_mask(attention, 0.6).tolist() == [[True, False], [True, False]]
    truth = torch.tensor([[True, True], [False, False]])
    assert evaluate.jaccard(mass_mask(attention, 0.6), truth) == pytest.approx(1 / 3)


def test_the_mask_of_a_scene_lies_where_its_object_was_drawn(pool):
    drawn = scenes.Scenes(pool)
    place, ground = drawn.place(4, (0.5, 0.5)), drawn.grounds_for(4)
    place.centre[:] = torch.tensor([0.5, -0.5])  # right of the middle and above it
    whole = torch.eye(2, 3).expand(4, 2, 3)
    images, mask = drawn.render(ground, [place], whole, 64)
    y, x = (mask[0, 0] > 0.5).nonzero().float().mean(0)
    assert (x.item(), y.item()) == (pytest.approx(47.5, abs=1), pytest.approx(15.5, abs=1))
    colour = drawn.cutouts[place.index[0], :3, 64, 64] / 255
    assert torch.allclose(images[0, :, 16, 48], colour, atol=0.02)


def test_held_out_pictures_share_no_source_with_training(pool):
    kept, held = scenes.Scenes(pool), scenes.Scenes(pool, held_out=True)
    for kind in ("cutouts", "grounds"):
        used = {t.numpy().tobytes() for t in getattr(kept, kind)}
        assert not used & {t.numpy().tobytes() for t in getattr(held, kind)}


def options(folder, steps):
    return train.parse_options(
        f"--out {folder} --steps {steps} --batch 4 --warmup 2 --answers 16 --global-size 24"
        " --local-size 16 --local-crops 1 --save-every 2 --pictures 2 --device cpu".split()
    )


def test_a_resumed_run_ends_with_the_same_weights(pool, tmp_path, monkeypatch):
    straight = train.train(options(tmp_path / "straight", 4), pool, progress=False)
    cosine = dino.cosine
    # The first half of the same schedule, as if the run of 4 steps had been cut at 2.
    monkeypatch.setattr(dino, "cosine", lambda step, total, *rest: cosine(step, 4, *rest))
    train.train(options(tmp_path / "cut", 2), pool, progress=False)
    resumed = train.train(options(tmp_path / "cut", 4), pool, progress=False)
    assert resumed.step == straight.step == 4
    for a, b in zip(straight.teacher.parameters(), resumed.teacher.parameters(), strict=True):
        assert torch.equal(a, b)


def test_export_writes_half_precision_weights_and_their_sum(tmp_path):
    backbone = dino.build_backbone(depth=1)
    torch.save({"backbone": backbone.state_dict(), "step": 7}, tmp_path / "checkpoint.pt")
    weights = export.export(tmp_path / "checkpoint.pt", tmp_path)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (tmp_path / "model.safetensors.sha256").read_text().split()[0] == digest
    assert weights.stat().st_size < 2.3 * sum(p.numel() for p in backbone.parameters())


def test_shipped_weights_match_their_sum_and_the_model_card():
    weights = EMBEDDED_DIR / "model.safetensors"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert weights.stat().st_size <= 12e6
    assert (EMBEDDED_DIR / "model.safetensors.sha256").read_text().split() == [digest, weights.name]
    assert re.findall(r"\b[0-9a-f]{64}\b", (EMBEDDED_DIR / "README.md").read_text()) == [digest]
