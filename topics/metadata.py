"""What timm knows of a model without its weights, and a table of it.

Nothing is downloaded: a model is built on torch's "meta" device, where a tensor has a shape and no
numbers.
"""

import html
from pathlib import Path
from typing import NamedTuple

import timm
import torch

from bilingual import say
from helpers import models
from sources import names


class Row(NamedTuple):
    """What timm knows of a model without its weights."""

    label: str
    name: str
    taught: tuple[str, str]  # what its weights learnt by, (ko, en)
    parameters: int  # without a classifier
    licence: str  # of the weights; "-" for random numbers
    input_size: tuple[int, int]  # (height, width) in pixels
    patch: tuple[int, int]  # in pixels
    grid: tuple[int, int]
    prefix_tokens: int  # CLS and registers
    pooling: str  # what ``model(x)`` gives: "token" (CLS) or "avg" (mean of the patch tokens)


class Table(dict):
    """label → ``Row``; shows itself as an HTML table, or as plain text where there is no HTML."""

    HEADS = (
        ("이름", "name"),
        ("배운 방법", "taught by"),
        ("가중치(백만 개)", "weights (M)"),
        ("라이선스", "licence"),
        ("입력 ÷ 패치 = 격자", "input ÷ patch = grid"),
        ("접두 토큰", "prefix tokens"),
        ("풀링", "pooling"),
    )

    def _cells(self):
        for row in self.values():
            (side, _), (patch, _), (gh, gw) = row.input_size, row.patch, row.grid
            size, grid = f"{row.parameters / 1e6:.1f}", f"{side} ÷ {patch} = {gh} × {gw}"
            rest = size, row.licence, grid, str(row.prefix_tokens), row.pooling
            yield row.label, row.name, say(*row.taught, " · "), *rest

    def __repr__(self):
        name, *rest = (say(*pair) for pair in self.HEADS)
        return "\n".join(" | ".join(cells) for cells in ((name, "timm", *rest), *self._cells()))

    def _repr_html_(self):
        """A table that a screen reader can walk: a caption, and heads of columns and of rows.

        timm's long name stands below the label and may break, so that all of it fits on a page.
        """
        heads = "".join(f'<th scope="col">{say(*pair, "<br>")}</th>' for pair in self.HEADS)
        lines = ["<table>", f"<caption>{say('모델 목록', 'The line-up', ' · ')}</caption>"]
        lines += [f"<thead><tr>{heads}</tr></thead>", "<tbody>"]
        for cells in self._cells():
            label, name, *rest = map(html.escape, cells)
            rest = "".join(f"<td>{cell}</td>" for cell in rest).replace(" · ", "<br>")
            rest = rest.replace(" ÷ ", "&nbsp;÷&nbsp;").replace(" × ", "&nbsp;×&nbsp;")
            rest = rest.replace(" = ", "<br>=&nbsp;")  # however narrow the page, here alone
            name = name.replace("_", "_<wbr>")
            head = f'<th scope="row">{label}<br><small><code>{name}</code></small></th>'
            lines.append(f"<tr>{head}{rest}</tr>")
        return "\n".join([*lines, "</tbody>", "</table>"])


def folder(name):
    """Where the weights of a name lie that no hub is asked for, or None."""
    path = models.EMBEDDED_DIR if name == models.EMBEDDED else Path(name)
    return path if path.is_dir() else None


def describe(entry):
    """Describe one model from timm's own metadata.

    Parameters
    ----------
    entry : zoo.Entry

    Returns
    -------
    Row

    Raises
    ------
    sources.names.ModelError
        timm knows no ViT of that name.
    """
    own = folder(entry.name)
    with torch.device("meta"):
        source = f"local-dir:{own}" if own else names.full_name(entry.name)
        model = timm.create_model(source, pretrained=False, num_classes=0)
    config, embed = model.pretrained_cfg, model.patch_embed
    parameters = sum(p.numel() for p in model.parameters())
    licence = config.get("license") or "?" if entry.pretrained else "-"
    sizes = tuple(config["input_size"][1:]), embed.patch_size, embed.grid_size
    rest = model.num_prefix_tokens, model.global_pool
    return Row(entry.label, entry.name, entry.taught, parameters, licence, *sizes, *rest)


def table(line_up):
    """Describe every model of a line-up, see ``describe``.

    Parameters
    ----------
    line_up : iterable of zoo.Entry

    Returns
    -------
    Table
    """
    return Table((entry.label, describe(entry)) for entry in line_up)
