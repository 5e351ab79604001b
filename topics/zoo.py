"""One photo, many models: who is in the line-up, which of them can be had here, and what differs.

Nothing ever takes a model's place: what cannot be had is skipped, and said so.
"""

import html
import math
import re
from typing import NamedTuple

import timm
import torch

from bilingual import BadInput, say, tell
from helpers import models
from helpers.plots import draw, narrowest, new_figure, pictures
from sources import hub, names
from sources.faults import HubError


class Entry(NamedTuple):
    """A model of the line-up: a short label, timm's name (or "embedded"), and if it is trained."""

    label: str
    name: str
    pretrained: bool = True


LINE_UP = (
    Entry("untrained", models.EMBEDDED, pretrained=False),
    Entry("embedded DINO", models.EMBEDDED),
    Entry("supervised S/16", "deit_small_patch16_224.fb_in1k"),
    Entry("DINO S/16", "vit_small_patch16_224.dino"),
    Entry("DINO S/8", "vit_small_patch8_224.dino"),
    Entry("DINO B/16", "vit_base_patch16_224.dino"),
    Entry("DINOv2 S/14", "vit_small_patch14_dinov2.lvd142m"),
    Entry("DINOv2 S/14 reg", "vit_small_patch14_reg4_dinov2.lvd142m"),
    Entry("DINOv3 S/16", "vit_small_patch16_dinov3.lvd1689m"),
)
# Not in the line-up, as it is 1.2 GB: the one where Darcet et al. 2024 show high-norm tokens.
WITH_OUTLIERS = Entry("DINOv2 L/14", "vit_large_patch14_dinov2.lvd142m")


class Row(NamedTuple):
    """What timm knows of a model without its weights.

    Attributes
    ----------
    label, name : str
    parameters : int
        Without a classifier.
    licence : str
        Of the weights; "-" for random numbers.
    input_size, patch, grid : tuple of int
        (height, width) in pixels, in pixels, and in patches.
    prefix_tokens : int
        CLS and registers.
    pooling : str
        Which token or tokens ``model(x)`` gives: "token" (CLS) or "avg" (mean of the patch tokens).
    """

    label: str
    name: str
    parameters: int
    licence: str
    input_size: tuple[int, int]
    patch: tuple[int, int]
    grid: tuple[int, int]
    prefix_tokens: int
    pooling: str

    @property
    def megabytes(self):
        """Size of the weights as float32, 4 bytes each."""
        return self.parameters * 4 / 1e6


class Table(dict):
    """label → ``Row``; shows itself as an HTML table, or as plain text where there is no HTML."""

    HEADS = (
        ("이름", "name"),
        ("timm", "timm"),
        ("가중치", "weights"),
        ("라이선스", "licence"),
        ("입력(픽셀)", "input (px)"),
        ("패치(픽셀)", "patch (px)"),
        ("격자", "grid"),
        ("접두 토큰", "prefix tokens"),
        ("풀링", "pooling"),
    )

    def _cells(self):
        for row in self.values():
            size = f"{row.parameters / 1e6:.1f} M, {row.megabytes:.0f} MB"
            pairs = [f"{a} × {b}" for a, b in (row.input_size, row.patch, row.grid)]
            rest = str(row.prefix_tokens), row.pooling
            yield row.label, row.name, size, row.licence, *pairs, *rest

    def __repr__(self):
        heads = _heads(self.HEADS)
        return "\n".join(" | ".join(cells) for cells in (heads, *self._cells()))

    def _repr_html_(self):
        """A table that a screen reader can walk: a caption, and heads of columns and of rows."""
        heads = map(html.escape, _heads(self.HEADS))
        heads = "".join(f'<th scope="col">{head}</th>' for head in heads)
        caption = say("모델 목록", "The line-up", " · ")
        lines = [f"<caption>{caption} (MB: float32)</caption>"]
        lines += [f"<thead><tr>{heads}</tr></thead>", "<tbody>"]
        for label, *cells in self._cells():
            rest = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
            lines.append(f'<tr><th scope="row">{html.escape(label)}</th>{rest}</tr>')
        return "\n".join(["<table>", *lines, "</tbody>", "</table>"])


def describe(entry):
    """The ``Row`` of one model, from timm's own metadata, without weights and the network."""
    embedded = entry.name == models.EMBEDDED
    with torch.device("meta"):  # where a tensor has a shape and no numbers
        source = f"local-dir:{models.EMBEDDED_DIR}" if embedded else entry.name
        plan = timm.create_model(source, pretrained=False, num_classes=0)
    config = plan.pretrained_cfg
    return Row(
        label=entry.label,
        name=entry.name,
        parameters=sum(p.numel() for p in plan.parameters()),
        licence=config.get("license") or "?" if entry.pretrained else "-",
        input_size=tuple(config["input_size"][1:]),
        patch=plan.patch_embed.patch_size,
        grid=plan.patch_embed.grid_size,
        prefix_tokens=plan.num_prefix_tokens,
        pooling=plan.global_pool,
    )


def table(line_up):
    """The ``Table`` of a line-up."""
    return Table((entry.label, describe(entry)) for entry in line_up)


def available(line_up):
    """Which models can be had here, found with at most one request to the hub (at most 3 s).

    Prints what is here, what is downloaded on first use, and what is skipped and why.

    Returns
    -------
    tuple of Entry
        The line-up without those that are skipped.
    """
    wanted = [entry for entry in line_up if entry.pretrained and entry.name != models.EMBEDDED]
    repositories = {e: names.repository(names.full_name(e.name)) for e in wanted}
    places = hub.whereabouts(repositories.values())
    here, download, skipped = [], [], {}
    for entry in line_up:
        place = places.get(repositories.get(entry), "here")
        if isinstance(place, HubError):
            skipped.setdefault((place.why, place.remedy), []).append(entry)
        else:
            (download if place == "hub" else here).append(entry)
    print(f"{say('여기 있습니다', 'here', ' · ')}: {_labels(here)}")
    if download:
        size = sum(describe(entry).megabytes for entry in download)
        print(f"{say('내려받습니다', 'to download', ' · ')}: {_labels(download)} ({size:.0f} MB)")
    for (why, remedy), entries in skipped.items():
        _say_skipped(entries, why, remedy)
    return tuple(entry for entry in line_up if entry in here + download)


def load(entry):
    """This very model or none, as ``models.load_model``; raises ``HubError`` if there is none.

    Random weights come from a fixed seed: the same in every run.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return models.load_model(entry.name, pretrained=entry.pretrained, fallback=False)


def run_all(function, line_up):
    """Label → what a function gives of each model, one in memory at a time.

    A model that cannot be had after all is skipped, with a notice.
    """
    results = {}
    for entry in line_up:
        try:
            model = load(entry)
        except HubError as error:
            _say_skipped([entry], error.why, error.remedy)
            continue
        results[entry.label] = function(model)
        del model  # before the next one comes
    return results


def _say_skipped(entries, why, remedy):
    ko = f"건너뜁니다: {_labels(entries)}. {why[0]}.\n보려면 {remedy[0]} 다시 실행하세요."
    en = f"Skipped: {_labels(entries)}; {why[1]}.\nTo see them, {remedy[1]} and run again."
    here = "다른 모델이 대신하지 않습니다.", "Nothing takes their place."
    tell(f"{ko} {here[0]}", f"{en} {here[1]}")


def _heads(pairs):
    return [ko if ko == en else say(ko, en) for ko, en in pairs]


def _labels(entries):
    return ", ".join(entry.label for entry in entries)


def draw_side_by_side(panels, *, weights):
    """One picture a model, each with the weights that made it written underneath.

    Parameters
    ----------
    panels : dict
        Label → PIL image, or a map (gh, gw).
    weights : dict
        Label → caption, see ``weights.caption``; every panel must have its own.

    Returns
    -------
    plots.Figure
    """
    if nameless := [label for label in panels if label not in weights]:
        raise BadInput(
            f"어느 가중치로 그렸는지 알 수 없습니다: {', '.join(nameless)}",
            f"No weights are named for: {', '.join(nameless)}",
        )
    panels = pictures(panels)
    rows, size = math.ceil(len(panels) / 3), narrowest(panels.values())
    extra = 0.45 * rows + 0.6 * (rows - 1)  # three lines of caption; and pictures large enough
    foot = say("그림마다 그 아래에", "under each picture", " · ")
    fig, axes = new_figure(rows, math.ceil(len(panels) / rows), size, foot, extra)
    for ax, (label, panel) in zip(axes, panels.items()):
        draw(ax, panel, label, cmap="viridis", interpolation="nearest")
        under = {"transform": ax.transAxes, "ha": "center", "va": "top", "size": 7.5}
        ax.text(0.5, -0.02, _in_lines(weights[label]), alpha=0.7, linespacing=1.3, **under)
    return fig


def _in_lines(caption):
    """A caption in lines that fit under a small picture; timm's long names break at the tag."""
    lines = caption.split(" · ")
    return "\n".join(re.sub(r"(?<=\w)\.(?=\w)", "\n.", ln) if len(ln) > 34 else ln for ln in lines)
