"""One photo, many models: who is in the line-up, which of them can be had here, and what differs.

Nothing ever takes a model's place: what cannot be had is skipped, and said so.
"""

import re
import textwrap
from collections import defaultdict
from typing import NamedTuple

import torch
from PIL import Image

from bilingual import say, tell
from helpers import models
from helpers.images import to_tensor
from helpers.maps import attention_map, norm_map
from helpers.overlay import blend
from helpers.plots import HEIGHT, WIDTH, compare, narrowest, pictures
from helpers.weights import caption
from sources import hub, names
from sources.faults import HubError
from topics.metadata import describe, folder


class Entry(NamedTuple):
    """A model of the line-up."""

    label: str
    name: str  # timm's, or "embedded", or a folder with weights of the reader's own
    pretrained: bool = True  # False: random weights, from `seed`
    taught: tuple[str, str] = ("?", "?")  # what the weights learnt by, (ko, en)
    seed: int = 0


NOTHING = "배운 적 없음", "nothing"
DINO = "자기 증류", "self-distillation"
DINOV2 = "DINOv2 손실, 증류", "DINOv2 loss, distilled"
DINOV3 = "DINOv3 손실, 증류", "DINOv3 loss, distilled"
LINE_UP = (
    Entry("untrained", models.EMBEDDED, False, NOTHING),
    Entry("embedded DINO", models.EMBEDDED, taught=("DINO + 여러 가지", "DINO and more")),
    Entry("supervised S/16", "deit_small_patch16_224.fb_in1k", taught=("라벨", "labels")),
    Entry("DINO S/16", "vit_small_patch16_224.dino", taught=DINO),
    Entry("DINO S/8", "vit_small_patch8_224.dino", taught=DINO),
    Entry("DINO B/16", "vit_base_patch16_224.dino", taught=DINO),
    Entry("DINOv2 S/14", "vit_small_patch14_dinov2.lvd142m", taught=DINOV2),
    Entry("DINOv2 S/14 reg", "vit_small_patch14_reg4_dinov2.lvd142m", taught=DINOV2),
    Entry("DINOv3 S/16", "vit_small_patch16_dinov3.lvd1689m", taught=DINOV3),
    Entry("CLIP B/16", "vit_base_patch16_clip_224.openai", taught=("사진과 글", "image and text")),
    Entry("MAE B/16", "vit_base_patch16_224.mae", taught=("가린 픽셀", "hidden pixels")),
)
# Not in the line-up, as it is 1.2 GB: the one where Darcet et al. 2024 show high-norm tokens.
WITH_OUTLIERS = Entry("DINOv2 L/14", "vit_large_patch14_dinov2.lvd142m", taught=DINOV2)


def untrained(name=models.EMBEDDED, seeds=3):
    """Entries of an architecture with random weights: one seed may be lucky, so several.

    Parameters
    ----------
    name : str, as ``Entry.name``
    seeds : int, how many

    Returns
    -------
    tuple of Entry
    """
    return tuple(Entry(f"untrained {i}", name, False, NOTHING, i) for i in range(seeds))


def available(line_up):
    """The entries that can be had here, found with at most one request to the hub (at most 3 s).

    Prints what is here, what is downloaded on first use, and what is skipped and why.

    Parameters
    ----------
    line_up : sequence of Entry

    Returns
    -------
    tuple of Entry, in the order of `line_up`

    Raises
    ------
    sources.names.ModelError
        timm knows no ViT of an entry's name, or has no weights for it.
    """
    wanted = [entry for entry in line_up if entry.pretrained and not folder(entry.name)]
    repositories = {e: names.repository(names.full_name(e.name)) for e in wanted}
    places = hub.whereabouts(repositories.values())
    found = defaultdict(list)
    for entry in line_up:
        place = places.get(repositories.get(entry), "cache")
        found[(place.why, place.remedy) if isinstance(place, HubError) else place].append(entry)
    here, download = found.pop("cache", []), found.pop("hub", [])
    if here:
        print(f"{say('여기 있습니다', 'here', ' · ')}: {_labels(here)}")
    if download:
        size = sum(describe(entry).parameters for entry in download) * 4 / 1e6  # float32
        print(f"{say('내려받습니다', 'to download', ' · ')}: {_labels(download)} ({size:.0f} MB)")
    for (why, remedy), entries in found.items():
        _say_skipped(entries, why, remedy)
    return tuple(entry for entry in line_up if entry in here + download)


def load(entry):
    """This very model or none, as ``models.load_model``.

    Parameters
    ----------
    entry : Entry, whose random weights come from its seed: the same in every run

    Returns
    -------
    timm model

    Raises
    ------
    HubError
        Its weights cannot be had now; it says why, and what to do.
    sources.names.ModelError
        There is no such model.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(entry.seed)
        return models.load_model(entry.name, pretrained=entry.pretrained, fallback=False)


def run_all(function, line_up):
    """Ask every model of a line-up, one in memory at a time; what cannot be had is skipped.

    Parameters
    ----------
    function : callable, model → anything
    line_up : iterable of Entry

    Returns
    -------
    dict, label → what the function gave

    Raises
    ------
    sources.names.ModelError
        As ``load``.
    """
    results = {}
    for entry in line_up:
        try:  # a model has no name here, so it is gone before the next one comes
            results[entry.label] = function(load(entry))
        except HubError as error:
            _say_skipped([entry], error.why, error.remedy)
    return results


class Look(NamedTuple):
    """What a model makes of one photo."""

    seen: Image.Image
    maps: dict  # "attention" and "norm", see ``maps``: (gh, gw)
    caption: str


def looks(photo, line_up):
    """One photo through many models, each with its own preprocessing.

    Parameters
    ----------
    photo : what ``images.load_photo`` reads; else PhotoError
    line_up : iterable of Entry

    Returns
    -------
    dict, label → Look

    Raises
    ------
    sources.names.ModelError
        As ``load``.
    """

    def look(model):
        tensor, seen = to_tensor(photo, model)
        kinds = {"attention": attention_map(model, tensor), "norm": norm_map(model, tensor)}
        return Look(seen, kinds, caption(model))

    return run_all(look, line_up)


def draw_looks(looks, kind="attention", alpha=0.5):
    """One kind of map of each model, over what the model saw.

    Parameters
    ----------
    looks : dict, from ``looks``
    kind : {"attention", "norm"}
    alpha : float, opacity of the map, 0..1

    Returns
    -------
    Figure

    Raises
    ------
    BadInput
        As ``overlay.blend``.
    """
    panels = {label: blend(look.seen, look.maps[kind], alpha) for label, look in looks.items()}
    return draw_side_by_side(panels, weights={k: look.caption for k, look in looks.items()})


def _say_skipped(entries, why, remedy):
    ko = f"건너뜁니다: {_labels(entries)}. {why[0]}.\n보려면 {remedy[0]} 다시 실행하세요."
    en = f"Skipped: {_labels(entries)}; {why[1]}.\nTo see them, {remedy[1]} and run again."
    here = "다른 모델이 대신하지 않습니다.", "Nothing takes their place."
    tell(f"{ko} {here[0]}", f"{en} {here[1]}")


def _labels(entries):
    return ", ".join(entry.label for entry in entries)


def draw_side_by_side(panels, *, weights):
    """One picture or map a model, by label, each with its weights' ``caption`` underneath."""
    panels = pictures(panels)
    under = {label: _in_lines(weights[label]) for label in panels}  # no picture without its weights
    fig = compare(panels, weights=say("그림마다 그 아래에", "under each picture", " · "), most=3)
    rows, columns = fig.axes[0].get_gridspec().get_geometry()
    width, height = narrowest(panels.values())
    # In inches, of a picture, and of a title above it and a caption below.
    high = min(WIDTH / columns * height / width, (HEIGHT - 0.6) / rows + 0.6)
    title, below = 0.25, 0.15 * max(text.count("\n") + 1 for text in under.values())
    total = rows * (title + high + below) + 0.3  # for the foot
    fig.set_figheight(total)
    for i, (ax, label) in enumerate(zip(fig.axes, panels)):
        row, column = divmod(i, columns)
        bottom = 1 - ((row + 1) * (title + high) + row * below) / total
        # By hand: constrained layout makes columns as wide as their captions.
        ax.set_position((column / columns + 0.005, bottom, 1 / columns - 0.01, high / total))
        place = {"transform": ax.transAxes, "ha": "center", "va": "top", "size": 7.5}
        ax.text(0.5, -0.02, under[label], alpha=0.7, linespacing=1.3, **place)
    return fig


def _in_lines(caption):
    """A caption in lines that fit under a small picture; timm's long names break at the tag."""
    lines = caption.split(" · ")
    lines = (re.sub(r"(?<=\w)\.(?=\w)", "\n.", ln) if len(ln) > 34 else ln for ln in lines)
    return "\n".join(textwrap.fill(ln, 32) for some in lines for ln in some.split("\n"))
