"""The picture at the top of each lesson, and the README's.

    python tools/make_payoffs.py             into images/, labelled in both languages
    python tools/make_payoffs.py FOLDER ko   elsewhere, in one language

Draws them with the embedded DINO, so run it again when its weights change.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from helpers.language import pick  # noqa: E402
from matplotlib import pyplot as plt  # noqa: E402

from helpers import encoding, images, language, maps, models, overlay, plots
from tools import diagram  # noqa: E402
from topics import attention, masks, objects, patches, zoo
from training import classroom, figures, shapes  # noqa: E402


def payoff_00(model):
    """Lesson 00: the blog post's figure."""
    tensor, seen = images.to_tensor(images.load_photo("cat.jpg"), model, fit="squash")
    return plots.two_panel(seen, maps.norm_map(model, tensor), weights=model)


def payoff_01(model):
    """Lesson 01: the parts of a ViT, from the photo to the tokens."""
    _, seen = images.to_tensor(images.load_photo("cat.jpg"), model)
    return diagram.parts(seen)


def payoff_02(model, photo):
    """Lesson 02: the patches of a photo, and the table of its tokens."""
    tensor, seen = images.to_tensor(photo, model)
    encoded = encoding.encode(model, tensor)
    tokens = encoded.tokens[0]
    fig, (left, right) = plt.subplots(1, 2, figsize=(6, 3), dpi=80, layout="constrained")
    plt.close(fig)
    gh, gw = encoded.grid
    left.imshow(seen.resize((448, 448)), extent=(0, gw, gh, 0))
    left.vlines(range(gw + 1), 0, gh, color="white", lw=0.6)
    left.hlines(range(gh + 1), 0, gw, color="white", lw=0.6)
    left.set_title(pick(f"패치 patches {gh} × {gw}"), size=10)
    left.set_axis_off()
    limit = tokens.abs().quantile(0.99).item()
    right.imshow(tokens, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
    right.set(xlabel=pick("차원 dimensions"), ylabel=pick("토큰 tokens"), xticks=[])
    right.set_yticks([0, len(tokens) - 1], ["CLS", len(tokens) - 1])
    right.set_title(pick(f"토큰 tokens {len(tokens)} × {tokens.shape[1]}"), size=10)
    fig.supxlabel(f"{pick('가중치 weights')}: {models.caption(model)}", size=8, color="dimgray")
    return fig


def payoff_03(model, photo):
    """Lesson 03: a photo beside its token-norm map as an overlay."""
    tensor, whole = images.to_tensor(photo, model, fit="whole")
    return plots.two_panel(whole, maps.norm_map(model, tensor), weights=model, alpha=0.6)


def payoff_06(model):
    """Lesson 06: a photo, its objects drawn by hand, and those found without labels."""
    tensor, seen = images.to_tensor(images.load_photo("kitten.jpg"), model, fit="whole")
    keys, grid = objects.key_features(model, tensor), encoding.encode(model, tensor).grid
    panels = {
        "사진 photo": seen,
        "손으로 by hand": masks.load_masks("kitten"),
        "LOST": objects.lost(keys, grid),
        "TokenCut": objects.token_cut(keys, grid),
    }
    return objects.draw_regions(seen, panels, weights=model)


def payoff_05(model, photo):
    """Lesson 05: how much all patches resemble one of them."""
    tensor, whole = images.to_tensor(photo, model, fit="whole")
    encoded = encoding.encode(model, tensor)
    tokens, (gh, gw) = encoded.patch_tokens[0], encoded.grid
    row, column = int(0.45 * gh), int(0.72 * gw)
    m = patches.similarity_map(tokens, (gh, gw), tokens[row * gw + column])
    return patches.draw_similarity({"유사도 similarity": (whole, m)}, (row, column), weights=model)


def payoff_07():
    """Lesson 07: one photo, and the attention of a model untrained and trained."""
    photo = images.load_photo("crab.jpg")
    panels, captions = {"사진 photo": photo}, {"사진 photo": "images/crab.jpg"}
    for entry in zoo.LINE_UP[:2]:
        model = zoo.load(entry)
        tensor, whole = images.to_tensor(photo, model, fit="whole")
        m = maps.attention_map(model, tensor)
        panels[entry.label] = overlay.blend(whole, m, alpha=0.6)
        captions[entry.label] = models.caption(model)
    return zoo.draw_side_by_side(panels, weights=captions)


def payoff_04(model, photo):
    """Lesson 04: where the CLS token looked, block by block and head by head."""
    tensor, _ = images.to_tensor(photo, model)
    grid = encoding.encode(model, tensor).grid
    rows = encoding.attention_rows(model, tensor)[:, 0]
    return attention.draw_blocks_heads(
        maps.cls_attention(rows, grid, model.num_prefix_tokens), weights=model
    )


def payoff_08(steps=200):
    """Lesson 08: attention before and after the lesson's own training."""
    pool = shapes.draw_pool()
    training = classroom.Training(pool, steps=steps)
    pictures, masks = classroom.held_out(pool)
    before = training.look(pictures)
    training.run(steps)
    rows = {"그림 pictures": pictures[:8], "정답 true": masks[:8]}
    for name, look in {"학습 전 before": before, "학습 후 after": training.look(pictures)}.items():
        rows[name] = classroom.best_head(look, masks)[0][:8]
    return figures.rows(rows, weights=training.caption)


def main(folder=ROOT / "images", choice="both"):
    """Draw all of them into a folder, in one language or both."""
    os.environ[language.VARIABLE] = choice  # for this run: nothing is remembered
    language.choose(None, folder)
    dino = models.load_model("embedded")
    bird = images.load_photo("kingfisher.jpg")
    pictures = {
        "readme.png": payoff_00(dino),
        "payoff_00.png": payoff_00(dino),
        "payoff_01.png": payoff_01(dino),
        "payoff_02.png": payoff_02(dino, bird),
        "payoff_03.png": payoff_03(dino, bird),
        "payoff_06.png": payoff_06(dino),
        "payoff_05.png": payoff_05(dino, images.load_photo("birds.jpg")),
        "payoff_07.png": payoff_07(),
        "payoff_04.png": payoff_04(dino, bird),
        "payoff_08.png": payoff_08(),
    }
    for name, picture in pictures.items():
        picture.savefig(Path(folder) / name, dpi=80, pil_kwargs={"optimize": True})
        print(Path(folder).name, name, sep="/")


if __name__ == "__main__":
    main(*sys.argv[1:])
