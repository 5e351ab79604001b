"""The trainer's parts against plain torch, and the shipped weights against their sum."""

import hashlib
import json
import math
import re

import pytest
import torch

from helpers.models import EMBEDDED_DIR
from training import (
    collect,
    contrast,
    dino,
    export,
    final,
    network,
    scenes,
    shapes,
    terms,
    train,
    views,
)
from training.pool import load_pool, pack


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
    drawn = torch.arange(8) == 7
    return {
        "cutouts": cutouts,
        "grounds": grounds,
        "cutout_held": held,
        "cutout_drawn": drawn,
        "ground_held": held,
    }


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
        batch = views.Batch(scenes.Scenes(pool), options)
        for window in batch.large_windows():
            batch.crop(window, 16)
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
    texture = tmp_path / next(iter(collect.TEXTURES)) / "rows.png"
    texture.parent.mkdir()
    rows = Image.linear_gradient("L").convert("RGBA")  # 256 × 256
    rows.save(texture)
    rows.rotate(180).resize((600, 256)).save(texture.with_name("strip.png"))
    rows.transpose(Image.Transpose.ROTATE_90).crop((0, 0, 256, 300)).save(
        texture.with_name("frame.png")  # its lowest part shows nothing
    )
    after = collect.build_pool(tmp_path)
    assert len(before["grounds"]) == 16 and before["ground_held"].sum() == 2
    assert len(after["grounds"]) == 18  # the new ones, without the twin of a held-out one
    assert torch.equal(after["ground_held"][:16], before["ground_held"])
    assert not after["ground_held"][16]


def test_a_package_adds_only_what_its_pattern_names(tmp_path):
    from PIL import Image

    (tmp_path / "package/sky").mkdir(parents=True)
    for i in range(8):
        name = f"package/sky/{i}.png" if i else "package/door.png"
        Image.new("RGB", (256, 256), (i * 30, 0, 0)).save(tmp_path / name)
    tiles = []
    collect.read_grounds(tmp_path, {"package": "/sky/"}, tiles, [], [])
    assert [int(tile[0, 0, 0, 0]) // 30 for tile in tiles] == [*range(1, 8)]


def test_pictures_are_taken_out_of_qt_resources(tmp_path):
    import io

    from PIL import Image

    from training import packages

    file = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(file, "webp", lossless=True)
    (tmp_path / "a.rcc").write_bytes(b"qres" + file.getvalue() + b"more" + file.getvalue())
    packages.carve(tmp_path / "a.rcc")
    found = sorted((tmp_path / "a").iterdir())
    assert [Image.open(path).size for path in found] == [(8, 6)] * 2
    assert all(path.read_bytes() == file.getvalue() for path in found)


def test_more_cut_outs_leave_out_symbols_and_twins(tmp_path):
    from PIL import Image

    folder = tmp_path / "sweethome3d-furniture/usr/furniture/Scopia/scopia"
    folder.mkdir(parents=True)
    for name, size in {"door": 30, "round_table": 50, "twin": 51, "held": 20}.items():
        picture = Image.new("RGBA", (100, 100))
        picture.paste("red", (0, 0, size, 100))
        picture.paste("blue", (0, 0, 100, size))
        picture.crop((0, 0, 100, 90)).save(folder / f"{name}.png")
    held = collect.read_cutout(folder / "held.png")
    more, drawn = collect.read_more(tmp_path, [held])
    assert drawn == [False]
    assert (more[0] == collect.read_cutout(folder / "round_table.png")).all()


def test_letters_of_a_font_become_cut_outs_but_for_those_nearly_alike(tmp_path, monkeypatch):
    (font,) = (EMBEDDED_DIR.parent / "fonts").glob("*.ttf")
    (tmp_path / collect.EMOJI).mkdir()
    for name in ("one.ttf", "its_twin.ttf"):
        (tmp_path / collect.EMOJI / name).write_bytes(font.read_bytes())
    monkeypatch.setattr(collect, "EMOJI_CODES", [ord(letter) for letter in " MO"])
    m, o = collect.read_emoji(tmp_path)  # a blank is nothing
    assert m.shape == o.shape == (4, 128, 128)
    assert o[3, 64, 64] == 0 and o[3].max() == 255  # see-through in the middle


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


def options(folder, *more):
    return train.parse_options(
        f"--out {folder} --batch 4 --warmup 0.1 --answers 16 --global-size 24 --local-size 16"
        " --local-crops 1 --save-minutes 0 --pictures 2 --device cpu --blanks 1"
        " --hide 0.5 --attention-drop 0.3".split()
        + [str(m) for m in more]
    )


def test_crops_of_a_swapped_scene_stand_on_grounds_of_their_own(pool, tmp_path):
    """The same ground in two crops would tell pictures apart without any look at the object."""
    plain = []
    for swap in (1.0, 0.0):
        plain.clear()
        drawn = scenes.Scenes(pool)
        drawn.render = lambda ground, objects, window, size: (
            plain.append(ground[0]),
            (torch.zeros(4, 3, size, size), None),
        )[1]
        batch = views.Batch(drawn, options(tmp_path, "--swap", swap))
        for window in batch.large_windows() * 2:
            batch.crop(window, 16)
        assert batch.swapped.all() == bool(swap) and len(plain) == 4
        assert all(torch.equal(plain[0], ground) for ground in plain) == (not swap)


def test_local_crops_are_cut_where_the_teacher_looks(pool, tmp_path):
    batch = views.Batch(scenes.Scenes(pool), options(tmp_path, "--local-area", 0.01, 0.01))
    rows = torch.zeros(4, 2, 16)
    rows[:, :, 3] = 1.0  # the patch at the top right of the crop
    upper_left = torch.tensor([[0.5, 0, -0.5], [0, 0.5, -0.5]]).expand(4, 2, 3)
    (window,) = batch.small_windows(rows, upper_left)
    # The patch lies at (0.75, -0.75) of the crop, so at (-0.125, -0.875) of the scene.
    assert torch.allclose(window[:, :, 2], torch.tensor([-0.125, -0.875]), atol=0.06)


def test_a_network_answers_for_its_mean_token_and_tells_where_its_cls_token_looks():
    whole = network.Network(dino.build_backbone(depth=2), answers=8, hide=0.5).eval()
    first, local = torch.randn(2, 3, 32, 32), torch.randn(2, 3, 16, 16)
    large, small = whole([first, local])
    tokens = whole.backbone.forward_features(local)
    assert torch.allclose(small.tokens, tokens[:, 1:], atol=1e-5)
    expected = whole.mean_head(tokens[:, 1:].mean(1))
    assert torch.allclose(small.mean, expected / expected.norm(dim=1)[:, None], atol=1e-5)
    assert large.rows.shape == (2, 6, 16) and (large.rows.sum(-1) < 1).all()
    weights = torch.rand(2, 6, 5, 5)
    recorder = network.Watched(0.5)
    recorder(weights)
    assert torch.equal(recorder.rows, weights[:, :, 0, 1:])


def test_a_map_falls_in_two_where_its_sides_differ_most():
    small, large = torch.full((2, 16), 0.1), torch.rand(16) * 0.1
    small[0, 3] = 0.9
    small[1, :12] = 0.9
    assert terms.two_sides(small).sum(-1).tolist() == [1, 12]  # as large as the thing is
    large[5:9] += 1
    steps = torch.tensor([0.0] * 8 + [0.3] * 6 + [1.0] * 2)  # the mean lies below the second
    assert terms.two_sides(steps).nonzero()[:, 0].tolist() == [14, 15]
    for scale in (1, 1000):
        assert terms.two_sides(scale * large).nonzero()[:, 0].tolist() == [5, 6, 7, 8]


def test_lengths_agree_with_a_goal():
    goal = torch.tensor([[[False, True, False]]])
    there, elsewhere = torch.full((2, 1, 1, 3), 0.05)
    there[..., 1] = elsewhere[..., 2] = 0.9
    assert terms.agree(there, goal, 0.0) < 0.2 < 2 < terms.agree(elsewhere, goal, 0.0)
    # Smoothing asks for a little everywhere, so what is all in one place costs.
    assert terms.agree(there, goal, 0.3) > 0.3 + terms.agree(there, goal, 0.0)


def test_what_one_ground_alone_makes_long_is_no_goal():
    def view(*places):
        rows, tokens = torch.full((1, 2, 16), 0.01), torch.ones(1, 16, 4)
        rows[..., list(places)] = 0.2
        tokens[:, list(places)] = 2.0
        return network.Seen(None, None, None, tokens, None, rows)

    views = [view(5, 6, 1), view(5, 6, 14), view(5, 6, 11)]
    assert train.Run.goal(views)[0, 0].nonzero()[:, 0].tolist() == [5, 6]
    assert train.Run.goal(views[:1])[0, 0].nonzero()[:, 0].tolist() == [1, 5, 6]


def test_the_middle_of_a_goal_lies_deepest_and_its_outline_less():
    goal = torch.zeros(1, 1, 7, 7, dtype=torch.bool)
    goal[..., 1:6, 0:5] = True  # touches the picture's left rim, which is no outline
    depth = terms.inner(goal.flatten(-2)).view(7, 7)
    assert (depth[2:5, 0:4] == 1).all() and (depth[goal[0, 0].logical_not()] == 0).all()
    assert depth[1, 2] == pytest.approx(6 / 9) and depth[1, 4] == pytest.approx(4 / 9)
    thin = torch.arange(49)[None, None] // 7 == 3
    assert terms.inner(thin).max() == 1  # however thin, somewhere is its middle
    assert (terms.inner(torch.zeros(1, 1, 49, dtype=torch.bool)) == 0).all()


def test_every_large_view_has_the_goal_of_its_own_window(pool, tmp_path, monkeypatch):
    met = []
    monkeypatch.setattr(terms, "point", lambda rows, goal: met.append(goal) or rows.sum() * 0)
    windows = [torch.arange(9) < 3, torch.arange(9) >= 5]
    goals = iter([window.expand(4, 1, 9) for window in windows])
    monkeypatch.setattr(train.Run, "goal", staticmethod(lambda views: next(goals)))
    run = train.Run(options(tmp_path, "--on-grounds", 2, "--hide", 0), pool)
    run.costs()
    assert [goal[0, 0].nonzero()[:, 0].tolist() for goal in met] == [[0, 1, 2], [5, 6, 7, 8]] * 2
    goals = iter([window.expand(4, 1, 9) for window in windows])
    run.student.hide, met[:] = 0.5, []
    run.costs()
    assert [goal.shape[-1] for goal in met] == [5] * 4  # of the patches that are seen


def test_lengths_as_a_map_are_highest_at_the_longest_token_whatever_their_unit():
    patches = torch.nn.functional.normalize(torch.randn(2, 9, 8), dim=-1)
    patches[:, 4] *= 3
    rows = terms.length_rows(patches)
    assert rows.shape == (2, 1, 9)
    assert torch.allclose(rows.sum(-1), torch.ones(2, 1))
    assert (rows.argmax(-1) == 4).all()
    assert torch.allclose(rows, terms.length_rows(100 * patches), atol=1e-5)


def test_a_dressed_object_keeps_its_cloth_and_what_is_drawn_comes_less_often(pool):
    places = scenes.Scenes(pool, seed=1, repeat=3)
    # Six cut-outs to train on, of which one is drawn: five photographs three times, and it.
    assert len(places.cutouts) == 16
    thing = places.place(8, (0.8, 0.8), dressed=1.0, among=torch.tensor([2]))
    assert (thing.cloth == 2).all()
    whole = torch.eye(2, 3).expand(8, 2, 3)
    seen = [places.render(places.grounds_for(8), [thing], whole, 64) for _ in range(2)]
    (first, mask), (second, _) = seen
    inside, outside = (m.expand(-1, 3, -1, -1) for m in (mask > 0.999, mask < 0.001))
    assert (first[inside] - second[inside]).abs().max() < 0.01
    assert (first[outside] - second[outside]).abs().max() > 0.1
    assert (places.place(8).cloth == -1).all()


def test_blobs_differ_and_lie_inside_their_square():
    x, y = shapes.plane(64)
    blobs = [shapes.blob(seed)(x, y) for seed in range(6)]
    assert all(0.02 < blob.float().mean() < 0.9 for blob in blobs)
    assert all(not torch.equal(a, b) for a, b in zip(blobs, blobs[1:], strict=False))


def test_one_camera_keeps_the_picture_and_smooths_a_seam(pool):
    places = scenes.Scenes(pool, seed=1)
    picture = torch.zeros(64, 3, 16, 16)
    picture[..., 8:] = 1
    out = places.one_camera(picture.clone())
    step = (out[..., 8] - out[..., 7]).mean((1, 2))
    assert out.shape == picture.shape and 0 <= out.min() and out.max() <= 1
    assert step.min() < 0.6 and step.max() > 0.9


def test_only_the_best_head_of_a_picture_is_taught_and_the_highest_patch_of_their_mean():
    goal = torch.tensor([0, 0, 0, 0, 1, 1, 0, 0, 0], dtype=torch.bool)[None, None]
    near = (goal + 0.1).float() / 2.9
    far = (~goal + 0.1).float() / 7.9
    rows = torch.cat([near, far], 1).requires_grad_()
    terms.best_head(rows, goal).backward()
    assert rows.grad[0, 0].abs().sum() > 0 and rows.grad[0, 1].abs().sum() == 0
    assert terms.point(near, goal) < 0.1 < terms.point(far, goal)
    assert terms.point(torch.cat([near, far], 1), goal) < terms.point(far, goal)


def test_heads_that_are_one_map_are_alike_and_opposite_ones_are_not():
    one = torch.rand(1, 1, 9)
    assert terms.likeness(one.expand(1, 3, 9)).item() == pytest.approx(1, abs=1e-5)
    assert terms.likeness(torch.cat([one, 1 - one], 1)).item() == pytest.approx(-1, abs=1e-5)


def test_spread_is_of_lengths_and_blank_pictures_are_nearly_flat():
    even = torch.nn.functional.normalize(torch.randn(2, 5, 8), dim=-1)
    assert terms.spread(even).abs().max() < 1e-5
    longer = even * torch.tensor([1.0, 2, 3, 4, 5])[:, None]
    assert terms.spread(longer)[0].item() == pytest.approx(math.sqrt(2.5) / 3, rel=1e-4)
    blank = terms.blank(64, 16, torch.Generator().manual_seed(0))
    assert blank.flatten(2).std(-1).max() < 0.1 and 0 <= blank.min() and blank.max() <= 1
    assert blank.mean((2, 3)).std() > 0.2  # of all colours
    grey = (blank.mean((2, 3)).std(1) < 0.02).float().mean()
    assert 0.3 < grey < 0.7


def test_shares_of_a_training_are_scheduled_as_its_steps():
    for step in (0, 5, 10, 40, 100):
        assert dino.share(step / 100, 1.0, 0.1) == pytest.approx(dino.cosine(step, 100, 1.0, 0.1))
    assert dino.share(0.05, 1.0, 0.1, warmup=0.1) == pytest.approx(0.5)
    assert dino.share(0.1, 1.0, 0.1, warmup=0.1) == 1.0


def test_a_resumed_run_ends_with_the_same_weights(pool, tmp_path, monkeypatch):
    straight = train.train(options(tmp_path / "straight", "--steps", 4), pool)
    # The first half of the same schedule, as if the run of 4 steps had been cut at 2.
    share = train.Run.done
    cut = property(lambda run: 1 if run.step == 2 else run.step / 4)
    monkeypatch.setattr(train.Run, "done", cut)
    train.train(options(tmp_path / "cut", "--steps", 4), pool)
    monkeypatch.setattr(train.Run, "done", share)
    resumed = train.train(options(tmp_path / "cut", "--steps", 4), pool)
    assert resumed.step == straight.step == 4
    for a, b in zip(straight.teacher.parameters(), resumed.teacher.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_training_by_the_minute_ends_in_time_and_leaves_weights_on_the_way(
    pool, tmp_path, monkeypatch
):
    ticks = iter(range(0, 10**6, 6))  # every step takes six seconds of this clock
    monkeypatch.setattr(train.time, "perf_counter", lambda: next(ticks))
    pack(pool, tmp_path / "pool.zip")
    chosen = options(tmp_path, "--minutes", 0.3, "--save-minutes", 0.2)
    run = train.train(chosen, load_pool(tmp_path / "pool.zip"))
    assert run.step == 3 and run.minutes == pytest.approx(0.3)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [2, 3] and "norm_auc" in rows[-1]
    names = sorted(path.name for path in tmp_path.glob("step_*"))
    assert names == ["step_000002.safetensors", "step_000003.safetensors"]
    # Weights that a run left, half as precise, are what another one begins with.
    begun = train.Run(options(tmp_path, "--start-from", tmp_path / names[-1]), pool)
    for a, b in zip(begun.student.backbone.parameters(), run.teacher.backbone.parameters()):
        assert torch.allclose(a, b, atol=2e-3)


def test_a_packed_pool_is_small_and_what_is_held_out_comes_back_as_it_was(pool, tmp_path):
    pack(pool, tmp_path / "pool.zip")
    again = load_pool(tmp_path / "pool.zip")
    assert again.keys() == pool.keys()
    kept = pool["cutout_held"]
    assert torch.equal(again["cutouts"][kept], pool["cutouts"][kept])
    assert torch.equal(again["cutouts"][:, 3], pool["cutouts"][:, 3])
    assert torch.equal(again["cutout_held"], kept)
    held = pool["ground_held"]
    assert torch.equal(again["ground_held"], held)
    assert torch.equal(again["cutout_drawn"], pool["cutout_drawn"])
    assert torch.equal(again["grounds"][held], pool["grounds"][held])
    assert not torch.equal(again["grounds"], pool["grounds"])
    assert again["grounds"].shape == pool["grounds"].shape
    size = sum(value.numel() for value in pool.values())
    assert (tmp_path / "pool.zip").stat().st_size < 0.9 * size  # noise: a photo packs far better


def test_export_writes_half_precision_weights_and_their_sum(tmp_path):
    backbone = dino.build_backbone(depth=1)
    torch.save({"backbone": backbone.state_dict(), "step": 7}, tmp_path / "checkpoint.pt")
    weights = export.export(tmp_path / "checkpoint.pt", tmp_path)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (tmp_path / "model.safetensors.sha256").read_text().split()[0] == digest
    assert weights.stat().st_size < 2.3 * sum(p.numel() for p in backbone.parameters())


def test_an_export_can_be_part_of_what_the_training_began_with(tmp_path):
    backbone = dino.build_backbone(depth=1)
    torch.save({"backbone": backbone.state_dict(), "step": 7}, tmp_path / "checkpoint.pt")
    zero = {name: torch.zeros_like(value) for name, value in backbone.state_dict().items()}
    export.write_weights(zero, tmp_path / "zero.safetensors")
    path = export.export(tmp_path / "checkpoint.pt", tmp_path, tmp_path / "zero.safetensors", 0.75)
    mixed = export.load_file(path)["norm.weight"]
    assert torch.allclose(mixed.float(), 0.75 * backbone.norm.weight, atol=1e-3)


def test_shipped_weights_match_their_sum_and_the_model_card():
    weights = EMBEDDED_DIR / "model.safetensors"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert weights.stat().st_size <= 12e6
    assert (EMBEDDED_DIR / "model.safetensors.sha256").read_text().split() == [digest, weights.name]
    assert re.findall(r"\b[0-9a-f]{64}\b", (EMBEDDED_DIR / "README.md").read_text()) == [digest]
