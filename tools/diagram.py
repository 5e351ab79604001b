"""The parts of a ViT as a drawing, from the photo to the tokens: the picture of lesson 01."""

from matplotlib.patches import FancyBboxPatch, Rectangle

from bilingual import say
from helpers.plots import Figure

BLUE, ORANGE, GREY = "#4c78a8", "#f28e2b", "#eeeeee"


def parts(photo):
    """Draw them beside a square photo, in the language in force; returns a ``plots.Figure``."""
    fig = Figure(figsize=(9, 2.5), dpi=80)
    ax = fig.subplots()
    ax.set(xlim=(0, 17.5), ylim=(0, 4.7), aspect="equal")
    ax.set_axis_off()
    _photo(ax, photo, 0, say("사진", "photo"))
    _arrow(ax, 3.1, 3.5)
    _box(ax, 3.6, 2.4, "patch_embed", say("잘라서 벡터로", "cut into vectors", "\n"))
    _arrow(ax, 6.0, 6.4)
    _tokens(ax, 6.5, "cls_token\n+ pos_embed")
    _arrow(ax, 7.4, 8.0)
    mix = say("토큰끼리 섞기", "tokens mix", "\n")
    for i, words in enumerate(("", "", "", mix)):  # a stack, the front one last
        _box(ax, 9.2 - 0.3 * i, 2.4, "blocks" if words else "", words, lift=0.3 - 0.2 * i)
    _arrow(ax, 11.8, 12.3)
    _box(ax, 12.4, 1.3, "norm", say("크기 고르게", "even out", "\n"))
    _arrow(ax, 13.8, 14.3)
    _tokens(ax, 14.5, say("토큰", "tokens"))
    _arrow(ax, 15.4, 15.9, faint=True)
    _box(ax, 16, 1.4, "head", say("DINO: 없음", "DINO: none", "\n"), faint=True)
    return fig


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
    words = {"ha": "center", "va": "center", "color": "gray" if faint else "black"}
    for dy, text, size in ((0.7, name, 10), (-0.3, does, 8)):
        ax.text(x + width / 2, y + height / 2 + dy, text, size=size, zorder=3 - lift, **words)


def _arrow(ax, start, end, faint=False):
    style = {"arrowstyle": "-|>", "color": "silver" if faint else "black", "lw": 1.2}
    ax.annotate("", (end, 2.5), (start, 2.5), arrowprops=style)
