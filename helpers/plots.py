"""Pictures in, a matplotlib figure out, which says at its foot which weights made it.

All from ``new_figure`` on is the frame that every subject's figures share. Each ``draw_…`` of a
subject returns a ``Figure``; `weights` and `cmap` are ``two_panel``'s.
"""

import functools
import io
import math
from pathlib import Path

import numpy as np
from matplotlib import font_manager, patheffects
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from bilingual import BadInput, named, plain, say

from .images import load_photo
from .overlay import blend, colormap
from .weights import made_by

WIDTH = 6.2  # inches
HEIGHT = 3.0  # inches at most, of pictures
DPI = 80  # pixels of the page an inch
FONT = Path(__file__).with_name("fonts") / "NanumGothic-subset.ttf"


class Figure(MatplotlibFigure):
    """Drawn with Hangul, whatever style is in use; shows itself in a notebook, without pyplot."""

    about = {}  # more of what goes with the picture, as {"alt": "what is to be seen"}

    def __init__(self, *args, layout="constrained", **options):  # room for every label
        super().__init__(*args, layout=layout, **options)

    def draw(self, renderer):
        for text in self.findobj(Text):
            text.set_fontfamily(["DejaVu Sans", hangul()])
        super().draw(renderer)

    def encoded(self, kind="png", sharp=2, **options):
        """Bytes of an image file, of `sharp` pixels for each of the page, as dense screens have."""
        file = io.BytesIO()
        self.savefig(file, format=kind, dpi=DPI * sharp, pil_kwargs=options)
        return file.getvalue()

    def _repr_jpeg_(self):
        # A sixth of a PNG's size, and smooth: stored in 256 colours, colour bars fell into bands.
        width, height = (round(inches * DPI) for inches in self.get_size_inches())
        return self.encoded("jpeg", quality=80), {"width": width, "height": height, **self.about}


@functools.cache
def hangul():
    """The name of our own Korean font, which matplotlib then knows."""
    font_manager.fontManager.addfont(FONT)
    return font_manager.FontProperties(fname=FONT).get_name()


def two_panel(photo, m, *, weights, alpha=0.5, cmap="viridis", title=None):
    """The blog post's figure: the photo, and the map laid over it.

    Parameters
    ----------
    photo : PIL.Image.Image
    m : torch.Tensor or array (gh, gw) in 0..1, see ``maps.min_max``
    weights : timm model or str, names what made the map, at the foot
    alpha : float, opacity: 0 shows the photo, 1 the colours alone
    cmap : str, a colormap, see ``overlay.COLORMAPS``
    title : str, optional, title of the overlay: which map it is

    Returns
    -------
    Figure

    Raises
    ------
    BadInput : as ``overlay.blend``
    """
    photo = load_photo(photo, max_side=None)
    fig, (left, right) = new_figure(1, 2, photo.size, weights, extra=0.36)
    draw(left, photo, say("사진", "photo"))
    draw(right, blend(photo, m, alpha, cmap), title or say("겹침 그림", "overlay"))
    scale = bar(fig, ScalarMappable(cmap=cmap))
    scale.set_ticks([0, 1], labels=[say("낮음", "low"), say("높음", "high")], size=8)
    scale.set_label(say("이 그림 안에서", "relative to this map"), size=8, labelpad=-9)
    return fig


def compare(panels, *, weights, cmap="viridis", most=4, extra=0):
    """Labelled pictures and maps side by side.

    Parameters
    ----------
    panels : dict, label → photo, or map (gh, gw), drawn patch by patch from lowest to highest
    weights, cmap : as in ``two_panel``; `weights` None: no network had a part in it
    most : int, panels in a row at most
    extra : float, inches of height to leave, for longer labels

    Returns
    -------
    Figure

    Raises
    ------
    BadInput, PhotoError : no panels, no such colormap, or a photo that cannot be read
    """
    panels, cmap = pictures(panels), colormap(cmap)
    rows, size = math.ceil(len(panels) / most), narrowest(panels.values())
    fig, axes = new_figure(rows, math.ceil(len(panels) / rows), size, weights, extra)
    for ax, (label, panel) in zip(axes, panels.items()):
        kind = "nearest" if getattr(panel, "ndim", 3) == 2 else None  # a map, patch by patch
        draw(ax, panel, label, cmap=cmap, interpolation=kind)
    return fig


def patch_grid(seen, grid, *, weights, highlight=None):
    """What the network saw (see ``images.to_tensor``), cut into its patches.

    Parameters
    ----------
    seen : PIL.Image.Image
    grid : tuple of int (gh, gw)
    weights : as in ``two_panel``
    highlight : tuple of int, optional, (row, column) of a patch to outline

    Returns
    -------
    Figure
    """
    seen = load_photo(seen, max_side=None)
    fig, (ax,) = new_figure(1, 1, seen.size, weights)
    gh, gw = grid
    title = f"{say('패치', 'patches')}: {gh} × {gw} = {gh * gw}"
    draw(ax, seen, title, **in_patches(seen, grid))
    ax.vlines(range(gw + 1), 0, gh, color="white", lw=0.6)
    ax.hlines(range(gh + 1), 0, gw, color="white", lw=0.6)
    if highlight is not None:
        outline(ax, highlight[::-1])
    return fig


def new_figure(rows, columns, size, weights, extra=0):
    """A figure and its axes, switched off, in which pictures of one shape have room.

    Parameters
    ----------
    rows, columns : int
    size : tuple of number (width, height) of a picture; only their ratio counts
    weights : as in ``two_panel``; None leaves the foot out
    extra : float, inches of height to leave

    Returns
    -------
    fig : Figure, ``WIDTH`` inches wide
    axes : iterator of Axes, row by row
    """
    height = min(WIDTH / columns * size[1] / size[0], HEIGHT / rows)
    inches = WIDTH, rows * (height + 0.25) + 0.3 + extra
    fig = Figure(figsize=inches, dpi=DPI)
    axes = fig.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
        ax.set_anchor("N")  # in the middle, layout cut off the upper line of long titles
    if weights is not None:
        foot = made_by(weights).replace("$", r"\$")  # no formula: where it wraps, it is parsed
        fig.supxlabel(foot, size=8, alpha=0.7, wrap=True)
    return fig, axes.flat


def new_chart(size, weights, xlabel="", ylabel="", text=10, extra=0):
    """``new_figure`` for curves and bars: its axes are on, labelled in a `text` size in points."""
    fig, (ax,) = new_figure(1, 1, size, weights, extra)
    ax.set_axis_on()
    ax.set_xlabel(xlabel, size=text)
    ax.set_ylabel(ylabel, size=text)
    return fig, ax


def draw(ax, picture, title, **kwargs):
    """A picture (Pillow's, or an array or tensor) on its axes; `kwargs` are for ``imshow``."""
    ax.set(xticks=[], yticks=[])
    ax.imshow(np.asarray(picture), **kwargs)
    ax.set_title(named(title), size=10, parse_math=False)  # a file's name may hold two dollars


def bar(fig, shown):
    """A colour bar below all that is on a figure; pictures stay at the top of their places."""
    return fig.colorbar(shown, ax=fig.axes, location="bottom", shrink=0.5, aspect=36, panchor=False)


def in_patches(photo, grid):
    """Arguments for ``draw`` so that the axes count patches and the photo keeps its own shape."""
    gh, gw = grid
    return {"extent": (0, gw, gh, 0), "aspect": photo.height / photo.width * gw / gh}


def outline(ax, corner, width=1, height=1, colour="yellow"):
    """A frame on the axes, seen on any background.

    Parameters
    ----------
    ax : Axes
    corner : tuple of float (x, y), its upper left, in the axes' own units: (column, row)
    width, height : float, in the same units; 1 is a patch where axes count these
    """
    box = Rectangle(corner, width, height, fill=False, ec=colour, lw=2, zorder=3, clip_on=False)
    box.set_path_effects([patheffects.withStroke(linewidth=4, foreground="black")])
    ax.add_patch(box)


def pictures(panels):
    """Panels, label → photo or map, with the photos read; ``BadInput`` if there are none."""
    if not (isinstance(panels, dict) and panels):
        raise BadInput(
            f'그릴 것을 {{"이름": 사진이나 맵}}처럼 하나 이상 주세요: {plain(panels, 80)}',
            f'Give at least one thing to draw, as {{"name": photo or map}}: {plain(panels, 80)}',
        )
    return {name: p if hasattr(p, "ndim") else load_photo(p, None) for name, p in panels.items()}


def narrowest(panels):
    """(width, height) of the narrowest of some pictures and maps."""
    sizes = (p.size if isinstance(p, Image.Image) else p.shape[1::-1] for p in panels)
    return min(sizes, key=lambda size: size[0] / size[1])
