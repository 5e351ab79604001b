"""Label propagation: a mask on a video's first picture in, its mask on every later one out.

Jabri et al. 2020 (arXiv:2006.14613), section 3.3 and appendix; Caron et al. 2021 (arXiv:2104.14294,
section 4.2.2) judge DINO so on DAVIS. Nothing is trained: each patch asks the patches before it
whom it resembles, and takes over their label.
"""

from collections import deque
from itertools import cycle

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageEnhance

from bilingual import BadInput, counted, named, say
from helpers.images import load_photo
from helpers.maps import on_grid
from helpers.overlay import resize_map
from helpers.plots import new_chart
from topics.measure import jaccard


def follow(pictures, mask, features, context=7, k=5, radius=None, temperature=0.1):
    """Carry a mask of the first picture through a video.

    A patch asks the patches of the first picture and of the last few ones, those that are not
    farther off than `radius` in rows or in columns; of them the `k` most similar give their labels,
    weighed by softmax(cosine / temperature). Memory does not grow with the video.

    Parameters
    ----------
    pictures : iterable of PIL.Image.Image, all of one size
    mask : array, bool (H, W), of the first picture's shape or of its grid's
    features : callable, picture → tokens (gh * gw, D) and grid, as ``patch_features(model)``
    context : int, so many pictures before, beside the first; it, k and temperature as Caron et al.
    radius : int, optional, in patches; by default a fifth of the grid's rows, as their 12 of 60

    Yields
    ------
    torch.Tensor (gh, gw), the share of the label in 0..1; for the first picture what `mask` covers

    Raises
    ------
    BadInput
        The mask is empty; a picture has another size than the first.
    """
    mask = torch.as_tensor(np.asarray(mask), dtype=torch.float32)
    first, before = None, deque(maxlen=context)
    for picture in pictures:
        tokens, grid = features(picture)
        tokens = F.normalize(tokens, dim=-1)
        if first is None:
            share = F.interpolate(mask[None, None], grid, mode="area").flatten()
            if not share.any():
                ko = "첫 프레임의 마스크가 비어 있습니다."
                raise BadInput(ko, "The first frame's mask is empty.")
            first = tokens, share
            radius = max(1, round(grid[0] / 5)) if radius is None else radius
            place = torch.cartesian_prod(*map(torch.arange, grid)).double()
            near = torch.cdist(place, place, p=torch.inf) <= radius
        elif len(tokens) != len(first[0]):
            ko = "프레임의 크기가 중간에 바뀌었습니다."
            raise BadInput(ko, "The frames' size changes half-way.")
        else:
            sources = [first, *before]
            similar = [(tokens @ source.T).masked_fill(~near, -2) for source, _ in sources]
            best, who = torch.cat(similar, dim=1).topk(k, dim=1)
            weight = (best / temperature).softmax(dim=1)
            share = (weight * torch.cat([label for _, label in sources])[who]).sum(dim=1)
            before.append((tokens, share))
        yield on_grid(share, grid)


def score(labels, masks):
    """Jaccard index of the label by ``follow`` and the mask of every picture but the first.

    A label (gh, gw) covers the pixels where it is at least a half; masks are bool (H, W).
    """
    found = [resize_map(label, mask.shape[::-1]) >= 0.5 for label, mask in zip(labels, masks)]
    return jaccard(*(torch.as_tensor(np.stack(some[1:])) for some in (found, masks)))


def contest(film, ways):
    """How well some features carry a mask through a film whose masks are known.

    Beside them two who never look at it: "copied" keeps the first picture's mask where it was,
    "chance" throws as many pixels anywhere: of a share m, m² are met of 2 m - m².

    Parameters
    ----------
    film : iterable of (PIL.Image.Image, array bool (H, W)), such as ``composites.clip``
    ways : dict, name → features, see ``follow``

    Returns
    -------
    dict, name → torch.Tensor (pictures - 1,), Jaccard indices, 0..1

    Raises
    ------
    BadInput
        As ``follow``.
    """
    pictures, masks = zip(*film)
    rows = {
        name: score(follow(pictures, masks[0], features), masks)
        for name, features in counted(ways.items(), "특징", "features")
    }
    every = torch.as_tensor(np.stack(masks))
    m = every[1:].float().mean((1, 2))
    return rows | {"copied": jaccard(every[:1], every[1:]), "chance": m / (2 - m)}


def show_rows(title, rows):
    """Print the mean of all frames, and the last one, a row a name.

    Parameters
    ----------
    title : str
    rows : dict, from ``contest``
    """
    print(title)
    for name, row in rows.items():
        print(f"  {row.mean():.2f}, last frame {row[-1]:.2f}  {named(name)}")


def shown(pictures, labels):
    """Leave light where the label is and darken the rest.

    Parameters
    ----------
    pictures : iterable of what ``images.load_photo`` reads
    labels : iterable of torch.Tensor (gh, gw) in 0..1, from ``follow``

    Yields
    ------
    PIL.Image.Image, RGB, of the picture's size
    """
    for picture, label in zip(pictures, labels):
        picture = load_photo(picture, max_side=None)
        light = resize_map(label, picture.size).clip(0, 1) * 255
        dim = ImageEnhance.Brightness(picture).enhance(0.3)
        yield Image.composite(picture, dim, Image.fromarray(light.astype(np.uint8)))


def draw_scores(rows, *, weights):
    """Jaccard indices, frame by frame, as curves; what begins with "untrained" is grey.

    Parameters
    ----------
    rows : dict, from ``contest``
    weights : timm model or str, named at the foot

    Returns
    -------
    Figure
    """
    fig, ax = new_chart((4, 1), weights, say("프레임", "frame"), say("자카드", "Jaccard"))
    for (name, row), style in zip(rows.items(), cycle(("-", "--", ":", "-."))):
        grey = {"color": "gray", "lw": 1} if name.startswith("untrained") else {"lw": 2}
        ax.plot(range(2, len(row) + 2), row, style, label=f"{named(name)} {row.mean():.2f}", **grey)
    ax.set_ylim(0, 1)
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig
