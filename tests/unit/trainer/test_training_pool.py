"""The pool of cut-outs and grounds: how it is collected and packed."""

import pytest
import torch

from helpers.models import EMBEDDED_DIR
from training import collect, final
from training.pool import load_pool, pack


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
