"""DINO told in pictures: who teaches whom, and a recorded training from beginning to end."""

import matplotlib.style
import numpy as np
from matplotlib import rcParams
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from PIL import ImageOps

from bilingual import named, say
from helpers.images import load_photo
from helpers.overlay import blend
from helpers.plots import draw, new_figure

STUDENT, TEACHER, CHANGE, NORMS = "#0072B2", "#D55E00", "#555555", "#009E73"
# Of the crops (left, top, side), as shares of the photo: two global ones, then local ones.
CROPS = (
    (0.03, 0.1, 0.8),
    (0.2, 0.02, 0.75),
    (0.5, 0.08, 0.28),
    (0.35, 0.45, 0.3),
    (0.68, 0.62, 0.28),
)


@matplotlib.style.context("default")  # its colours are for white
def draw_dino(photo="cat.jpg"):
    """DINO's figure 2 and more: crops, student, teacher, centring, EMA, and where gradients stop.

    Parameters
    ----------
    photo : str or PIL.Image.Image
        Which the crops are cut from.

    Returns
    -------
    plots.Figure
    """
    side = 240  # pixels
    photo = ImageOps.fit(load_photo(photo), (side, side))
    fig, (ax,) = new_figure(1, 1, (10, 5.4), say("없음(설명 그림)", "none (a diagram)"), extra=0.3)
    ax.set(xlim=(0, 100), ylim=(0, 54))

    def picture(image, left, bottom, width, colour):
        ax.imshow(image, extent=(left, left + width, bottom, bottom + width), aspect="auto")
        ax.add_patch(Rectangle((left, bottom), width, width, fill=False, ec=colour, lw=1.5))

    def box(x, y, width, height, text, colour):
        style = "round,pad=0.2,rounding_size=1.2"
        ax.add_patch(FancyBboxPatch((x, y), width, height, style, fc="white", ec=colour, lw=1.8))
        centre = {"ha": "center", "va": "center", "linespacing": 1.8 if "$" in text else 1.25}
        ax.text(x + width / 2, y + height / 2, text, size=7, color=colour, **centre)

    def arrow(start, end, colour=CHANGE, **style):
        tip = {"arrowstyle": "-|>", "mutation_scale": 11, "lw": 1.4, "color": colour}
        ax.add_patch(FancyArrowPatch(start, end, **(tip | style)))

    picture(photo, 1, 19, 16, "black")
    pieces = [photo.crop([round(v * side) for v in (x, y, x + w, y + w)]) for x, y, w in CROPS]
    for i, piece in enumerate(pieces):  # the student sees all of them
        place = (21 + 8.6 * i, 39, 8) if i < 2 else (38.4 + 5 * (i - 2), 39, 4.5)
        picture(piece, *place, STUDENT)
    for i, piece in enumerate(pieces[:2]):
        picture(piece, 21 + 8.6 * i, 7, 8, TEACHER)
    arrow((12, 35.5), (20, 42))
    arrow((12, 18.5), (20, 11.5))
    box(56, 38, 13, 10, say("학생", "student", "\n"), STUDENT)
    box(56, 6, 13, 10, say("교사", "teacher", "\n"), TEACHER)
    box(73.5, 38, 15, 10, f"÷ {say('온도', 'temperature', chr(10))}\nsoftmax", STUDENT)
    words = say("− 중심", "centre", " "), say("÷ 낮은 온도", "low temperature", "\n")
    box(73.5, 6, 15, 10, "\n".join([*words, "softmax"]), TEACHER)
    box(85, 23, 14, 8, f"{say('손실', 'loss', ' ')}\n$-\\sum p\\,\\ln q$", "black")
    for y, end in ((43, 52.6), (11, 37.6)):
        arrow((end, y), (55.5, y))
        arrow((69.5, y), (73.2, y))
    arrow((89, 43), (93, 31.5), connectionstyle="arc3,rad=-0.4")
    arrow((89, 11), (93, 22.5), connectionstyle="arc3,rad=0.4")
    ax.text(95.5, 38, "$q$", size=10, color=STUDENT)
    ax.text(95.5, 15, "$p$", size=10, color=TEACHER)
    ax.text(91.2, 15.6, "//", size=13, color=TEACHER, ha="center", va="center")
    arrow((62.5, 37.5), (62.5, 16.5), TEACHER, lw=2.4)
    ax.text(64, 27, f"EMA\n{say('느린 평균', 'slow average', chr(10))}", size=7.5, va="center")
    arrow((84.5, 27), (67, 37.5), STUDENT, ls=(0, (3, 2)), connectionstyle="arc3,rad=0.25")
    ax.text(79, 22.5, say("기울기", "gradient", " "), size=7.5, color=STUDENT, ha="center")
    small = {"size": 7, "color": CHANGE, "ha": "center"}
    ax.text(9, 15.5, say("사진", "photo", " "), **small)
    ax.text(37, 50.5, say("전역 크롭과 지역 크롭", "global and local crops", " · "), **small)
    ax.text(29.5, 3.2, say("전역 크롭만", "global crops only", " · "), **small)
    ax.text(85, 2.2, f"// {say('여기서 기울기를 끊음', 'gradients stop here', ' · ')}", **small)
    return fig


def draw_stages(stored, photo=0):
    """All moments of a recorded training, side by side: the mean of heads of CLS attention.

    Parameters
    ----------
    stored : snapshots.Snapshots
    photo : int
        Which of its photos.

    Returns
    -------
    plots.Figure
    """
    seen = _seen(stored, photo)
    fig, axes = new_figure(2, -(-len(stored.names) // 2), (1, 1), _foot())
    for ax, name, heads in zip(axes, stored.names, stored.attention[:, photo]):
        draw(ax, blend(seen, _scaled(heads), 0.65), name)
        ax.title.set_size(7)
    return fig


def draw_stage(stored, stage, photo=0):
    """One moment of a recorded training: two maps; an upright line at its step of the curves.

    Parameters
    ----------
    stored, photo
        See `draw_stages`.
    stage : int
        Which moment.

    Returns
    -------
    plots.Figure
    """
    seen = _seen(stored, photo)
    fig, (left, middle, right) = new_figure(1, 3, (1, 1), _foot(), extra=0.3)
    attention, norms = stored.attention[stage, photo], stored.norms[stage, photo]
    draw(left, blend(seen, _scaled(attention), 0.65), say("CLS 어텐션", "CLS attention"))
    lengths = blend(seen, (norms - norms.min()) / (np.ptp(norms) or 1), 0.65)
    draw(middle, lengths, say("토큰 노름", "token norm"))
    right.set_axis_on()
    for name, label, colour, style in (
        ("norm_auc", say("노름 맵", "norm map"), NORMS, ":"),
        ("jaccard", say("자카드 지수", "Jaccard"), STUDENT, "-"),
        ("heads", say("헤드의 상관", "heads alike"), TEACHER, "--"),
    ):
        steps, values = stored.curves[name]
        right.plot(steps, values, style, color=colour, label=label, marker=".")
    if stored.names[stage].startswith("step"):  # the other weights are not on these curves
        right.axvline(stored.steps[stage], color=rcParams["text.color"], lw=1.2)
    right.set(ylim=(0, 1), box_aspect=1)
    right.set_xlabel(say("스텝", "steps"), size=8)
    right.tick_params(labelsize=7)
    right.legend(fontsize=6.5, frameon=False, loc="lower left")
    right.set_title(named(stored.names[stage]))
    for ax in (left, middle, right):
        ax.title.set_size(8)
    return fig


def _scaled(heads):
    """The mean of heads (heads, gh, gw) as numbers in 0..1."""
    mean = heads.mean(0)
    return (mean - mean.min()) / (np.ptp(mean) or 1)


def _seen(stored, photo):
    """A photo as the network saw it: squashed to a square."""
    return load_photo(f"{stored.photos[photo]}.jpg").resize((224, 224))


def _foot():
    return say("기록된 학습, 합성한 그림", "a recorded training, on composites")
