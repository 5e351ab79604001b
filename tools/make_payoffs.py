"""The picture at the top of each lesson, and the README's.

    python tools/make_payoffs.py

Draws them with the embedded DINO into images/, so run it again when its weights change.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.patches import FancyBboxPatch, Rectangle  # noqa: E402

from helpers import encoding, images, maps, models, objects, overlay, patches, plots, zoo  # noqa: E402
from training import classroom, shapes  # noqa: E402

BLUE, ORANGE, GREY = "#4c78a8", "#f28e2b", "#eeeeee"


def payoff_00(model):
    """Lesson 00: the blog post's figure."""
    tensor, seen = images.to_tensor(images.load_photo("cat.jpg"), model, fit="squash")
    return plots.two_panel(seen, maps.photo_norm(model, tensor), weights=model)


def payoff_01(model):
    """Lesson 01: the parts of a ViT, from the photo to the tokens."""
    _, seen = images.to_tensor(images.load_photo("cat.jpg"), model)
    fig, ax = plt.subplots(figsize=(9, 3), dpi=80, layout="constrained")
    plt.close(fig)
    ax.set(xlim=(0, 18), ylim=(-0.4, 5.2), aspect="equal")
    ax.set_axis_off()
    _photo(ax, seen, 0, "사진 photo")
    _arrow(ax, 3.1, 3.5)
    _box(ax, 3.6, 2.4, "patch_embed", "잘라서 벡터로\ncut into vectors")
    _arrow(ax, 6.0, 6.4)
    _tokens(ax, 6.5, "cls_token\n+ pos_embed")
    _arrow(ax, 7.4, 8.0)
    for i in range(4):  # a stack, the front one last
        _box(ax, 9.2 - 0.3 * i, 2.4, "blocks", "토큰끼리 섞기\ntokens mix", lift=0.3 - 0.2 * i)
    _arrow(ax, 11.8, 12.3)
    _box(ax, 12.4, 1.3, "norm", "크기 고르게\neven out")
    _arrow(ax, 13.8, 14.3)
    _tokens(ax, 14.5, "토큰 tokens")
    _arrow(ax, 15.4, 15.9, faint=True)
    _box(ax, 16, 1.4, "head", "DINO: 없음\nnone", faint=True)
    return fig


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
    left.set_title(f"패치 patches {gh} × {gw}", size=10)
    left.set_axis_off()
    limit = tokens.abs().quantile(0.99).item()
    right.imshow(tokens, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
    right.set(xlabel="차원 dimensions", ylabel="토큰 tokens", xticks=[])
    right.set_yticks([0, len(tokens) - 1], ["CLS", len(tokens) - 1])
    right.set_title(f"토큰 tokens {len(tokens)} × {tokens.shape[1]}", size=10)
    fig.supxlabel(f"가중치 weights: {models.caption(model)}", size=8, color="dimgray")
    return fig


def payoff_03(model, photo):
    """Lesson 03: a photo beside its token-norm map as an overlay."""
    tensor, whole = images.to_tensor(photo, model, fit="whole")
    return plots.two_panel(whole, maps.photo_norm(model, tensor), weights=model, alpha=0.6)


def payoff_06(model):
    """Lesson 06: a photo, its objects drawn by hand, and those found without labels."""
    tensor, seen = images.to_tensor(images.load_photo("kitten.jpg"), model, fit="whole")
    keys, grid = objects.key_features(model, tensor), encoding.encode(model, tensor).grid
    panels = {
        "사진 photo": seen,
        "손으로 by hand": images.load_masks("kitten"),
        "LOST": objects.lost(keys, grid),
        "TokenCut": objects.token_cut(keys, grid),
    }
    return plots.regions(seen, panels, weights=model)


def payoff_05(model, photo):
    """Lesson 05: how much all patches resemble one of them."""
    tensor, whole = images.to_tensor(photo, model, fit="whole")
    encoded = encoding.encode(model, tensor)
    tokens, (gh, gw) = encoded.patch_tokens[0], encoded.grid
    row, column = int(0.45 * gh), int(0.72 * gw)
    m = patches.similarity_map(tokens, (gh, gw), tokens[row * gw + column])
    return plots.similarity({"유사도 similarity": (whole, m)}, (row, column), weights=model)


def payoff_07():
    """Lesson 07: one photo, and the attention of a model untrained and trained."""
    photo = images.load_photo("crab.jpg")
    panels, captions = {"사진 photo": photo}, {"사진 photo": "images/crab.jpg"}
    for entry in zoo.LINE_UP[:2]:
        model = zoo.load(entry)
        tensor, whole = images.to_tensor(photo, model, fit="whole")
        m = maps.photo_attention(model, tensor)
        panels[entry.label] = overlay.blend(whole, m, alpha=0.6)
        captions[entry.label] = models.caption(model)
    return plots.side_by_side(panels, weights=captions)


def payoff_04(model, photo):
    """Lesson 04: where the CLS token looked, block by block and head by head."""
    tensor, _ = images.to_tensor(photo, model)
    grid = encoding.encode(model, tensor).grid
    rows = encoding.attention_rows(model, tensor)[:, 0]
    return plots.layers_heads(
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
    return plots.rows(rows, weights=training.caption)


def _photo(ax, picture, x, label, side=3, cells=7):
    ax.imshow(picture.resize((210, 210)), extent=(x, x + side, 1, 1 + side), zorder=1)
    lines = [i * side / cells for i in range(cells + 1)]
    ax.vlines([x + line for line in lines], 1, 1 + side, color="white", lw=0.8)
    ax.hlines([1 + line for line in lines], x, x + side, color="white", lw=0.8)
    ax.text(x + side / 2, 0.6, label, ha="center", va="top", size=9)


def _tokens(ax, x, label, count=9):
    """A column of squares: the CLS token on top, then patch tokens."""
    for i in range(count):
        colour = ORANGE if i == 0 else BLUE
        ax.add_patch(Rectangle((x, 3.9 - 0.38 * i), 0.7, 0.3, color=colour))
    ax.text(x + 0.35, 4.35, "CLS", ha="center", va="bottom", size=9, color=ORANGE)
    ax.text(x + 0.35, 0.6, label, ha="center", va="top", size=9)


def _box(ax, x, width, name, does, lift=0.0, faint=False):
    edge = "silver" if faint else BLUE
    style = "round,pad=0,rounding_size=0.15"
    y, height = 1.4 + lift, 2.2
    box = FancyBboxPatch((x, y), width, height, boxstyle=style, fc=GREY, ec=edge, lw=1.5)
    box.set_zorder(3 - lift)
    ax.add_patch(box)
    for dy, text, size in ((0.7, name, 10), (-0.3, does, 8)):
        ax.text(
            x + width / 2,
            y + height / 2 + dy,
            text,
            ha="center",
            va="center",
            size=size,
            color="gray" if faint else "black",
            zorder=3 - lift,
        )


def _arrow(ax, start, end, faint=False):
    style = {"arrowstyle": "-|>", "color": "silver" if faint else "black", "lw": 1.2}
    ax.annotate("", (end, 2.5), (start, 2.5), arrowprops=style)


if __name__ == "__main__":
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
        picture.savefig(ROOT / "images" / name, dpi=80, pil_kwargs={"optimize": True})
        print(f"images/{name}")
