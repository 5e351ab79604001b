"""Gather free cut-outs and grounds from packages into one pool file.

``python -m training.collect`` downloads the packages that ``training.packages`` names (7 GB
unpacked; nothing is installed), reads their pictures and writes ``outputs/training/pool.pt``, a
dictionary of

- ``cutouts`` uint8 (N, 4, 128, 128): RGBA pictures of one thing, longer side 128 px: photographs,
  then the emoji of a font, then those of `MORE_CUTOUTS`;
- ``grounds`` uint8 (M, 3, 256, 256): square tiles of wallpapers, landscapes, textures;
- ``cutout_held``, ``ground_held`` bool (N,), (M,): kept out of training (one in eight, seeded);
- ``cutout_drawn`` bool (N,): drawn or painted; what is rendered in 3D with soft light is not.

What came after the first packages is for training only, so that what is held out, and every figure
measured on it, stayed the same; none of it is nearly alike to what is held out.
"""

import argparse
import re
from pathlib import Path

import numpy as np
import torch
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont, ImageOps

from training.packages import (
    EMOJI,
    LANDSCAPES,
    MORE_CUTOUTS,
    MORE_GROUNDS,
    NOT_THINGS,
    PACKAGES,
    TEXTURES,
    download,
)

EMOJI_CODES, EMOJI_SIZE = range(0x1F300, 0x20000), 109  # the only size the font has
# Drawings of letters, money and flags are neither photographs nor objects on a ground.
NOT_OBJECTS = ("/symbols/", "/cartoon/", "/flags/", "/roadsigns/", "/naturalforces/")
CUTOUT_SIDE, GROUND_SIDE = 128, 256
HELD_OUT_EVERY, SEED = 8, 0


def read_cutout(path):
    """Return a file's picture as uint8 (4, 128, 128), or None if it is no cut-out."""
    image = Image.open(path)
    if max(image.size) < 64 or image.mode not in ("RGBA", "LA", "P"):
        return None
    return fit_cutout(image.convert("RGBA"))


def fit_cutout(image):
    """Return an RGBA picture as uint8 (4, 128, 128), or None if it is no cut-out."""
    alpha = np.asarray(image)[..., 3]
    if (alpha < 10).mean() < 0.03 or (alpha > 128).mean() < 0.08:  # a full frame, or thin lines
        return None
    image = image.crop(image.getchannel("A").getbbox())
    image = ImageOps.contain(image, (CUTOUT_SIDE, CUTOUT_SIDE), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (CUTOUT_SIDE, CUTOUT_SIDE))
    square.paste(image, ((CUTOUT_SIDE - image.width) // 2, (CUTOUT_SIDE - image.height) // 2))
    return np.asarray(square).transpose(2, 0, 1)


def is_new(cutout, thumbnails):
    """Say whether no cut-out is nearly like this one, and if so, note its thumbnail."""
    thumbnail = cutout.reshape(4, 8, 16, 8, 16).mean((2, 4))
    if thumbnails and np.abs(thumbnail - np.stack(thumbnails)).mean((1, 2, 3)).min() < 6:
        return False
    thumbnails.append(thumbnail)
    return True


def read_more(folder, known):
    """Return the pictures of `MORE_CUTOUTS` and which are drawn, but for twins of `known`."""
    thumbnails, found, drawn = [], [], []
    for cutout in known:
        is_new(cutout, thumbnails)
    for package, (pattern, is_drawn) in MORE_CUTOUTS.items():
        for path in matching(folder / package, pattern):
            cutout = read_cutout(path)
            if cutout is not None and is_new(cutout, thumbnails):
                found.append(cutout)
                drawn.append(is_drawn)
    return found, drawn


def matching(folder, pattern):
    """Return the files below `folder` whose path in it matches and is of no symbol."""
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.[pgwj][npie][gfb]*"))
    return [folder / n for n in names if re.search(pattern, n) and not NOT_THINGS.search(n)]


def read_emoji(folder):
    """Return the pictures of a colour font as `fit_cutout` does, but for those nearly alike."""
    fonts = [(p, ImageFont.truetype(p, EMOJI_SIZE)) for p in (folder / EMOJI).rglob("*.ttf")]
    codes = [(c, f) for p, f in fonts for c in sorted({*EMOJI_CODES} & {*FT2Font(p).get_charmap()})]
    found, thumbnails = [], []
    for code, font in codes:
        image = Image.new("RGBA", (160, 160))
        ImageDraw.Draw(image).text((10, 10), chr(code), font=font, embedded_color=True)
        box = image.getchannel("A").getbbox()
        cutout = fit_cutout(image.crop(box)) if box else None
        if cutout is not None:
            found += [cutout] if is_new(cutout, thumbnails) else []
    return found


def read_ground(path):
    """Return the left and right square tiles as uint8 (T, 3, 256, 256) and an 8×8 thumbnail."""
    image = Image.open(path).convert("RGB")
    if min(image.size) < GROUND_SIDE:
        return None
    thumbnail = np.asarray(image.resize((8, 8), Image.Resampling.BOX), dtype=np.float32)
    side, wide = min(image.size), max(image.size) > 1.25 * min(image.size)
    corners = [(0, 0), (image.width - side, image.height - side)] if wide else [(0, 0)]
    tiles = [
        image.crop((x, y, x + side, y + side)).resize((GROUND_SIDE,) * 2, Image.Resampling.LANCZOS)
        for x, y in corners
    ]
    return np.stack([np.asarray(t).transpose(2, 0, 1) for t in tiles]), thumbnail


def hold_out(count, seed):
    """Return a bool (count,) with one in eight set, the same for the same `seed`."""
    order = np.random.default_rng(seed).permutation(count)
    held = np.zeros(count, dtype=bool)
    held[order[: count // HELD_OUT_EVERY]] = True
    return held


def build_pool(folder):
    """Read every usable picture below `folder` into the pool dictionary described above."""
    stamps = sorted((folder / PACKAGES[0]).rglob("*.png"))
    cutouts = [
        c
        for p in stamps
        if not any(word in str(p) for word in NOT_OBJECTS) and (c := read_cutout(p)) is not None
    ]
    emoji = read_emoji(folder)
    more, more_drawn = read_more(folder, cutouts + emoji)
    cutout_held = hold_out(len(cutouts), SEED)
    drawn = [False] * len(cutouts) + [True] * len(emoji) + more_drawn
    cutouts += emoji + more
    cutout_held = np.append(cutout_held, np.zeros(len(cutouts) - len(cutout_held), dtype=bool))
    tiles, owners, thumbnails = [], [], []
    read_grounds(folder, dict.fromkeys(PACKAGES[1:], ""), tiles, owners, thumbnails)
    ground_held = hold_out(len(thumbnails), SEED)[np.array(owners)]  # both tiles on one side
    more = dict.fromkeys((*MORE_GROUNDS, LANDSCAPES), "")
    read_grounds(folder, more, tiles, owners, thumbnails)
    read_grounds(folder, TEXTURES, tiles, owners, thumbnails, is_texture)
    grounds = torch.from_numpy(np.concatenate(tiles))
    held = torch.zeros(len(grounds), dtype=torch.bool)
    held[: len(ground_held)] = torch.from_numpy(ground_held)
    return {
        "cutouts": torch.from_numpy(np.stack(cutouts)),
        "grounds": grounds,
        "cutout_drawn": torch.tensor(drawn),
        "cutout_held": torch.from_numpy(cutout_held),
        "ground_held": held,
    }


def is_texture(path):
    """Say whether a game's picture fills its frame, shows something, and is no strip."""
    image = Image.open(path)
    small = np.asarray(image.convert("RGBA").resize((64, 64)))
    full = small[..., 3].min() >= 250 and small[..., :3].std() >= 6
    small_side = min(image.size)
    return full and small_side >= GROUND_SIDE and max(image.size) <= 2.2 * small_side


def read_grounds(folder, packages, tiles, owners, thumbnails, fits=lambda path: True):
    """Add the grounds of some packages, but for twins of those already there, to three lists.

    `packages` says which of their files, `fits` which of the pictures.
    """
    for package, pattern in packages.items():
        files = sorted(
            p
            for p in (folder / package).rglob("*")
            if p.suffix.lower() in (".jpg", ".png", ".webp") and p.is_file()
            if re.search(pattern, str(p)) and fits(p)
        )
        for path in files:
            ground = read_ground(path)
            # Wallpapers come in many sizes; a twin has nearly the same thumbnail.
            if ground is None or any(np.abs(ground[1] - t).mean() < 6 for t in thumbnails):
                continue
            owners += [len(thumbnails)] * len(ground[0])
            thumbnails.append(ground[1])
            tiles.append(ground[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("outputs/training"))
    folder = parser.parse_args().folder
    pool = build_pool(download(folder / "packages"))
    torch.save(pool, folder / "pool.pt")
    for kind in ("cutout", "ground"):
        total, held = len(pool[f"{kind}s"]), int(pool[f"{kind}_held"].sum())
        print(f"{total} {kind}s, {held} of them held out")
    print(f"wrote {folder / 'pool.pt'}")


if __name__ == "__main__":
    main()
