"""The picture at the top of each lesson, and the README's.

    python -m tools.make_payoffs             into images/, labelled in both languages
    python -m tools.make_payoffs FOLDER ko   elsewhere, in one language

Draws them with the embedded DINO, so run it again when its weights change.
"""

import sys
from pathlib import Path

from PIL import Image

import explorer
from bilingual import choose, console, say
from helpers import encoding, images, maps, models, overlay, plots
from helpers.weights import caption
from tools import diagram
from tools.notebooks import ROOT
from topics import (
    attention,
    composites,
    foreground,
    lies,
    masks,
    measure,
    objects,
    patches,
    propagation,
    zoo,
)
from training import figures, lesson, shapes


def payoff_00(model, photo):
    """The README's picture and lesson 00's: two maps of one photo, only one of them attention."""
    tensor, seen = images.to_tensor(photo, model)
    norm, looked = maps.norm_map(model, tensor), maps.attention_map(model, tensor)
    panels = {
        say("사진", "photo"): seen,
        say("토큰 노름", "token norm"): overlay.blend(seen, norm, alpha=0.6),
        say("CLS 어텐션", "CLS attention"): overlay.blend(seen, looked, alpha=0.6),
    }
    return plots.compare(panels, weights=model)


def payoff_01(model):
    """Lesson 01: the parts of a ViT, from the photo to the tokens."""
    _, seen = images.to_tensor(images.load_photo("cat.jpg"), model)
    return diagram.parts(seen)


def payoff_02(model, photo):
    """Lesson 02: the patches of a photo, and the table of its tokens."""
    tensor, seen = images.to_tensor(photo, model)
    encoded = encoding.encode(model, tensor)
    tokens = encoded.tokens[0]
    fig = plots.Figure(figsize=(6, 3), dpi=80, layout="constrained")
    left, right = fig.subplots(1, 2)
    gh, gw = encoded.grid
    left.imshow(seen.resize((448, 448)), extent=(0, gw, gh, 0))
    left.vlines(range(gw + 1), 0, gh, color="white", lw=0.6)
    left.hlines(range(gh + 1), 0, gw, color="white", lw=0.6)
    left.set_title(f"{say('패치', 'patches')} {gh} × {gw}", size=10)
    left.set_axis_off()
    limit = tokens.abs().quantile(0.99).item()
    right.imshow(tokens, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
    right.set(xlabel=say("차원", "dimensions"), ylabel=say("토큰", "tokens"), xticks=[])
    right.set_yticks([0, len(tokens) - 1], ["CLS", len(tokens) - 1])
    right.set_title(f"{say('토큰', 'tokens')} {len(tokens)} × {tokens.shape[1]}", size=10)
    fig.supxlabel(f"{say('가중치', 'weights')}: {caption(model)}", size=8, color="dimgray")
    return fig


def payoff_03(model, photo):
    """Lesson 03: a photo beside its token-norm map as an overlay."""
    tensor, whole = images.to_tensor(photo, model, fit="whole")
    return plots.two_panel(whole, maps.norm_map(model, tensor), weights=model, alpha=0.6)


def payoff_07(model):
    """Lesson 07: a photo, its objects drawn by hand, and those found without labels."""
    tensor, seen = images.to_tensor(images.load_photo("kitten.jpg"), model, fit="whole")
    keys, grid = objects.key_features(model, tensor), encoding.encode(model, tensor).grid
    panels = {
        say("사진", "photo"): seen,
        say("손으로", "by hand"): masks.load_masks("kitten"),
        "LOST": objects.lost(keys, grid),
        "TokenCut": objects.token_cut(keys, grid),
    }
    return objects.draw_regions(seen, panels, weights=model)


def payoff_08(model):
    """Lesson 08: the answer, and how well attention and a map of the middle do beside it."""
    (view,) = (v for v in measure.bundled_views(model) if v.name == "kitten")
    rivals = {say("어텐션", "attention"): view.heads.mean(dim=0)}
    rivals[say("가운데", "middle")] = measure.centre_map(view.grid)
    panels = {say("사진", "photo"): view.seen, say("정답", "answer"): view.masks}
    return objects.draw_regions(view.seen, panels | measure.scored(view, rivals), weights=model)


def payoff_06(model, photo):
    """Lesson 06: how much all patches resemble one of them."""
    tensor, whole = images.to_tensor(photo, model, fit="whole")
    encoded = encoding.encode(model, tensor)
    tokens, (gh, gw) = encoded.patch_tokens[0], encoded.grid
    row, column = int(0.45 * gh), int(0.72 * gw)
    m = patches.similarity_map(tokens, (gh, gw), tokens[row * gw + column])
    panels = {say("유사도", "similarity"): (whole, m)}
    return patches.draw_similarity(panels, (row, column), weights=model)


def payoff_09():
    """Lesson 09: one photo, and the attention of a model untrained and trained."""
    photo = images.load_photo("crab.jpg")
    name = say("사진", "photo")
    panels, captions = {name: photo}, {name: "images/crab.jpg"}
    for entry in zoo.LINE_UP[:2]:
        model = zoo.load(entry)
        tensor, whole = images.to_tensor(photo, model, fit="whole")
        m = maps.attention_map(model, tensor)
        panels[entry.label] = overlay.blend(whole, m, alpha=0.6)
        captions[entry.label] = caption(model)
    return zoo.draw_side_by_side(panels, weights=captions)


def payoff_04(model, photo):
    """Lesson 04: one block, one photo, three tokens that ask."""
    tensor, seen = images.to_tensor(photo, model)
    gh, gw = encoding.encode(model, tensor).grid
    first, block = model.num_prefix_tokens, len(model.blocks) // 2 - 1
    places = {"CLS": None, say("배", "belly"): (7, 6), say("배경", "background"): (2, 11)}
    asked = {}
    for name, place in places.items():
        token = first + place[0] * gw + place[1] if place else 0
        m = encoding.attention(model, tensor, block, (token,))[0, :, 0, first:].mean(0)
        asked[name] = m.reshape(gh, gw), place
    return attention.draw_queries(seen, asked, weights=model)


def payoff_05(model, photo):
    """Lesson 05: where the CLS token looked, block by block and head by head."""
    tensor, _ = images.to_tensor(photo, model)
    grid = encoding.encode(model, tensor).grid
    rows = encoding.attention_rows(model, tensor)[:, 0]
    return attention.draw_blocks_heads(
        maps.cls_attention(rows, grid, model.num_prefix_tokens), weights=model
    )


def payoff_10(model):
    """Lesson 10: four frames of a film, dark but for the bird that patch tokens followed."""
    pictures, truth = zip(*composites.clip("kingfisher", "coffee"))
    labels = propagation.follow(pictures, truth[0], foreground.patch_features(model, 160))
    lit = [*propagation.shown(pictures, labels)]
    panels = {f"{say('프레임', 'frame')} {n + 1}": lit[n] for n in (0, 4, 8, 11)}
    return plots.compare(panels, weights=model)


def payoff_11(steps=140):  # as many as the lesson's
    """Lesson 11: attention before and after the lesson's own training."""
    pool = shapes.draw_pool()
    training = lesson.Training(pool, steps=steps, batch=16)
    pictures, masks = shapes.held_out(pool)
    looks = {say("학습 전", "before"): training.look(pictures)}
    training.run(steps)
    looks[say("학습 후", "after")] = training.look(pictures)
    rows = {say("그림", "pictures"): pictures[:8], say("정답", "true"): masks[:8]}
    for name, look in looks.items():
        rows[name] = lesson.best_head(look, masks)[0][:8]
    return figures.rows(rows, weights=training.caption)


def payoff_12(model):
    """Lesson 12: twelve figures, of which some lie."""
    return lies.draw_cases(lies.deal("payoff", model), model)


def sheet_12(model):
    """The picture on lesson 12's sheet: twelve figures, their numbers; the guide has the key."""
    return lies.draw_cases(lies.deal("sheet", model), model, numbers=True)


def readme(model, photo, folder):
    """The moving picture of the README, and a still of it with the query on the bird."""
    box = explorer.explore(photo, model, fit="whole", size=224)
    box.picture.thumbnail((380, 380))
    path = box.save_gif(Path(folder) / "readme.webp", "query")
    with Image.open(path) as moving:
        moving.seek(30)
        moving.convert("RGB").save(path.with_suffix(".jpg"), quality=88, optimize=True)


def main(folder=ROOT / "images", choice="both"):
    """Draw all of them into a folder, in one language or both."""
    console.prepare()
    choose(choice)
    dino = models.load_model("embedded")
    bird = images.load_photo("kingfisher.jpg")
    pictures = {
        "payoff_00.jpg": payoff_00(dino, bird),
        "payoff_01.jpg": payoff_01(dino),
        "payoff_02.jpg": payoff_02(dino, bird),
        "payoff_03.jpg": payoff_03(dino, bird),
        "payoff_07.jpg": payoff_07(dino),
        "payoff_08.jpg": payoff_08(dino),
        "payoff_06.jpg": payoff_06(dino, images.load_photo("birds.jpg")),
        "payoff_09.jpg": payoff_09(),
        "payoff_04.jpg": payoff_04(dino, bird),
        "payoff_05.jpg": payoff_05(dino, bird),
        "payoff_10.jpg": payoff_10(dino),
        "payoff_11.jpg": payoff_11(),
        "payoff_12.jpg": payoff_12(dino),
        "sheet_12.jpg": sheet_12(dino),
    }
    for name, picture in pictures.items():
        (Path(folder) / name).write_bytes(picture.encoded("jpeg", quality=80, optimize=True))
        print(Path(folder).name, name, sep="/")
    readme(dino, bird, folder)
    print(Path(folder).name, "readme.webp", sep="/")


if __name__ == "__main__":
    main(*sys.argv[1:])
