"""The scenes that the trainer draws, and the crops that it takes of them."""

import pytest
import torch
from small_run import options

from training import scenes, shapes, train, views


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
