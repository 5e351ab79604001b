"""Figures for tests: one of every kind, what they are drawn from, and what they hold."""

import numpy as np
import torch

from helpers import images, maps, plots
from topics import attention, parts, patches, search

MADE_BY = (
    "합성한 그림으로 학습한 내장 DINO · embedded DINO, trained on composites (112 px, patch 8)"
)
GRID = (4, 6)
HEADS = torch.arange(6 * 24.0).reshape(6, *GRID)
MAP = maps.min_max(HEADS[0])
LABELS = (torch.arange(24) // 6).reshape(GRID)
PAIRS = torch.tensor([[0, 23], [9, 2]])
PICTURE = parts.pca_rgb(torch.randn(24, 8, generator=torch.Generator().manual_seed(0)), GRID)
FOUND = [
    search.Found(path, score) for path, score in zip(images.sample_photos(), (1, 0.5, 0.25, -1))
]

FIGURES = {
    "two_panel": lambda photo, weights: plots.two_panel(photo, MAP, weights=weights),
    "two_panel, tall": lambda photo, weights: plots.two_panel(
        photo.resize((40, 160)), MAP, weights=weights, title="내 제목 my title"
    ),
    "compare": lambda photo, weights: plots.compare(
        {"사진 photo": photo, "맵 map": MAP}, weights=weights
    ),
    "compare, one": lambda photo, weights: plots.compare({"맵 map": MAP}, weights=weights),
    "compare, five": lambda photo, weights: plots.compare(
        {f"사진 photo {i}": photo for i in range(5)}, weights=weights
    ),
    "heads": lambda photo, weights: attention.draw_heads(photo, HEADS, weights=weights),
    "patch_grid": lambda photo, weights: plots.patch_grid(
        photo, GRID, weights=weights, highlight=(3, 5)
    ),
    "similarity": lambda photo, weights: patches.draw_similarity(
        {"학습된 trained": (photo, HEADS[0]), "학습되지 않은 untrained": (photo, -HEADS[1])},
        (1, 2),
        weights=weights,
    ),
    "pca": lambda photo, weights: parts.draw_pca(photo, PICTURE, weights=weights),
    "pca, tall": lambda photo, weights: parts.draw_pca(
        photo.resize((40, 160)), PICTURE, weights=weights
    ),
    "parts": lambda photo, weights: parts.draw_parts(photo, LABELS, weights=weights),
    "matches": lambda photo, weights: patches.draw_matches(
        [photo, photo.resize((40, 160))], [GRID, (6, 4)], PAIRS, weights=weights
    ),
    "rates": lambda photo, weights: patches.draw_rates(
        {"학습된 trained,\n뒤집음 mirrored": (0.5, 1), "우연 chance": (0, 0)}, weights=weights
    ),
    "retrieval": lambda photo, weights: search.draw_retrieval(photo, FOUND, weights=weights),
}


def shown(fig):
    """The arrays of the pictures in a figure, panel by panel."""
    return [np.asarray(ax.images[0].get_array()) for ax in fig.axes if ax.images]


def texts(fig):
    """All text of a figure; most axes are switched off, but for their titles."""
    found = [fig._supxlabel, *(ax.title for ax in fig.axes)]
    for ax in fig.axes:
        found += [ax.xaxis.label, *ax.get_xticklabels()] if ax.axison else []
    return [text for text in found if text.get_text()]


def assert_apart(fig, found):
    """No text of a drawn figure is cut off or lies on another; `found` are its texts."""
    page, boxes = fig.bbox, [text.get_window_extent() for text in found]
    for box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
