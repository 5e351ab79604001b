"""The trainer's parts against plain torch, and the shipped weights against their sum."""

import hashlib
import math
import re

import pytest
import torch

from helpers.maps import mass_mask
from helpers.models import EMBEDDED_DIR
from training import collect, contrast, dino, evaluate, export, final, scenes, train


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
    scores, *_ = network(crops)
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


def test_the_student_sees_a_share_of_the_patches_and_says_which():
    network = dino.Network(dino.build_backbone(depth=1), dino.Head(out=8), hide=0.5)
    seen, caught = torch.randn(2, 3, 32, 32), []
    network.backbone.blocks[0].register_forward_pre_hook(lambda m, a: caught.append(a[0]))
    _, _, tokens, kept = network([seen])
    assert tokens[0].shape == (2, 8, 192) and kept[0].shape == (2, 8)
    everything = network.backbone.eval()._pos_embed(network.backbone.patch_embed(seen))
    for picture in range(2):
        stayed = everything[picture, [0, *(kept[0][picture] + 1).tolist()]]
        assert torch.allclose(caught[0][picture], stayed, atol=1e-6)
    _, _, tokens, kept = dino.make_teacher(network)([seen])
    assert kept[0].tolist() == [list(range(16))] * 2


def test_a_batch_stands_on_few_grounds_where_asked(pool):
    drawn = scenes.Scenes(pool, seed=3)
    few = drawn.few_grounds(2)
    assert len(few.unique()) == 2
    assert set(drawn.grounds_for(50, few)[0].tolist()) == set(few.tolist())
    assert len(drawn.grounds_for(50)[0].unique()) > 2  # on any, by default


def test_every_crop_of_a_batch_takes_its_ground_from_the_few(pool, monkeypatch):
    used = set()
    render = scenes.Scenes.render

    def watched(self, ground, *rest):
        used.update(ground[0].tolist())
        return render(self, ground, *rest)

    monkeypatch.setattr(scenes.Scenes, "render", watched)
    for few in (1, 0):
        used.clear()
        options = train.parse_options(["--batch", "16", "--few-grounds", str(few), "--swap", "0.5"])
        train.crops_of(scenes.Scenes(pool), options)
        assert (len(used) == 1) == bool(few)


def test_the_last_checks_clip_art_is_a_fixed_choice_of_cut_outs(tmp_path, monkeypatch):
    from PIL import Image

    folder = tmp_path / final.PACKAGE
    folder.mkdir()
    for i in range(6):
        cutout = Image.new("RGBA", (90, 90))
        cutout.paste((i * 40, 0, 0), (20, 20, 70, 70))
        cutout.save(folder / f"{i}.png")
    Image.new("RGB", (90, 90)).save(folder / "no cut-out.png")
    Image.new("RGBA", (120, 120)).save(folder / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)  # 14,400 are more than twice that
    monkeypatch.setattr(final, "COUNT", 4)
    monkeypatch.setattr(final, "SEED", 1)
    with pytest.warns(Image.DecompressionBombWarning):  # of 8,100
        chosen = final.clip_art(tmp_path)
        again = final.clip_art(tmp_path)
    assert chosen.shape == (4, 4, 128, 128) and torch.equal(chosen, again)
    reds = chosen[:, 0].flatten(1).amax(1).tolist()
    assert len(set(reds)) == 4 and reds != sorted(reds)
    monkeypatch.setattr(final, "COUNT", 100)
    with pytest.warns(Image.DecompressionBombWarning):
        assert len(final.clip_art(tmp_path)) == 6


def test_grounds_for_training_only_change_nothing_that_is_held_out(tmp_path):
    from PIL import Image

    def picture(package, name, colour, size=(256, 256)):
        path = tmp_path / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour).save(path)

    stamp = tmp_path / collect.PACKAGES[0] / "stamp.png"
    stamp.parent.mkdir()
    Image.new("RGBA", (90, 60)).save(stamp)
    Image.open(stamp).convert("RGBA").save(stamp)
    disc = Image.new("RGBA", (90, 90))
    disc.paste("red", (20, 20, 70, 70))
    disc.crop((0, 0, 90, 90)).save(stamp)
    for i in range(16):
        picture(collect.PACKAGES[1], f"{i:02}.jpg", (i * 16, 0, 255 - i * 16))
    before = collect.build_pool(tmp_path)
    twin = before["ground_held"].nonzero()[0].item()
    picture(collect.MORE_GROUNDS[0], "new.PNG", (0, 255, 0), (300, 256))
    picture(collect.MORE_GROUNDS[0], "twin.png", (twin * 16, 0, 255 - twin * 16))
    after = collect.build_pool(tmp_path)
    assert len(before["grounds"]) == 16 and before["ground_held"].sum() == 2
    assert len(after["grounds"]) == 17  # the new one, without the twin of a held-out one
    assert torch.equal(after["ground_held"][:16], before["ground_held"])
    assert not after["ground_held"][16]


def test_contrast_is_the_cross_entropy_of_finding_ones_own_picture():
    students = torch.nn.functional.normalize(torch.randn(3, 4, 8), dim=-1)
    teachers = torch.nn.functional.normalize(torch.randn(2, 4, 8), dim=-1)
    expected = []
    for t in range(2):
        for s in range(3):
            if s != t:
                for own in range(4):
                    likeness = torch.stack([students[s, own] @ teachers[t, j] for j in range(4)])
                    expected.append(-torch.log((likeness / 0.15).softmax(0)[own]))
    value = contrast.contrast(list(students), list(teachers))
    assert value.item() == pytest.approx(torch.stack(expected).mean().item(), rel=1e-4)


def test_a_mirrored_view_finds_its_patches_at_the_mirrored_places():
    keys = torch.eye(16)[None]  # every patch unlike every other
    mirror = torch.tensor([[[-1.0, 0, 0], [0, 1, 0]]])
    grid = torch.arange(16).view(4, 4)
    kept = grid[:, [0, 3]].reshape(1, -1)  # half of the patches, as a student sees them
    mirrored = grid.flip(1)[:, [0, 3]].flatten()
    there, elsewhere = keys[:, mirrored], keys[:, kept[0]]
    # All of these stand on the rim of the other view, which is still in it.
    right = contrast.patch_contrast(there, kept, keys, mirror)
    assert right.item() < 1e-3 < 5 < contrast.patch_contrast(elsewhere, kept, keys, mirror).item()


def test_patches_that_the_other_view_does_not_show_cost_nothing():
    away = torch.tensor([[[1.0, 0, 3], [0, 1, 0]]])
    tokens, kept = torch.randn(1, 16, 8), torch.arange(16)[None]
    assert contrast.patch_contrast(tokens, kept, tokens, away).item() == 0


def test_softer_queries_flatten_attention_and_leave_the_rest():
    (block,) = dino.build_backbone(depth=1).blocks
    before = block.attn.qkv.weight.clone()
    contrast.soften([block], 0.5)
    assert torch.allclose(block.attn.qkv.weight[:192], before[:192] / 2)
    assert torch.equal(block.attn.qkv.weight[192:], before[192:])


def test_an_inverse_map_undoes_a_window(pool):
    window = scenes.Scenes(pool).windows(5, (0.2, 0.6), turn=20)
    there_and_back = scenes.compose(scenes.inverse(window), window)
    assert torch.allclose(there_and_back, torch.eye(2, 3).expand(5, 2, 3), atol=1e-5)
    assert (window[:, 0, 1].abs() > 1e-3).all()  # turned
    shares = torch.linalg.det(window[:, :, :2]).abs()
    assert ((shares >= 0.2) & (shares <= 0.6)).all()


def test_no_cutout_comes_twice_before_all_came_once(pool):
    drawn = scenes.Scenes(pool)
    count = len(drawn.cutouts)
    index = drawn.place(2 * count).index
    assert sorted(index[:count].tolist()) == sorted(index[count:].tolist()) == list(range(count))


def test_only_scenes_with_a_ground_for_every_crop_teach_the_cls_token(pool, tmp_path):
    """The same ground in two crops would tell pictures apart without any look at the object."""
    fixed = options(tmp_path, 1)
    drawn = scenes.Scenes(pool)
    fixed.swap, plain = 1.0, []
    drawn.render = lambda ground, objects, window, size: (
        plain.append(ground[0]),
        (torch.zeros(4, 3, size, size), None),
    )[1]
    _, windows, swapped = train.crops_of(drawn, fixed)
    assert swapped.all() and len(windows) == len(plain) == 3
    assert not all(torch.equal(plain[0], ground) for ground in plain[1:])
    plain.clear()
    fixed.swap = 0.0
    train.crops_of(drawn, fixed)
    assert all(torch.equal(plain[0], ground) for ground in plain[1:])


def options(folder, steps):
    return train.parse_options(
        f"--out {folder} --steps {steps} --batch 4 --warmup 2 --answers 16 --global-size 24"
        " --local-size 16 --local-crops 1 --save-every 2 --pictures 2 --device cpu"
        " --hide 0.5 --attention-drop 0.3 --contrast 1 --patch-contrast 1".split()
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
