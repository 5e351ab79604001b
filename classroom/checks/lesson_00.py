"""Checks of lesson 00_start."""

from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

from helpers import overlay

from .exercise import exercise

SOURCES = ("hub", "cache", "embedded", "file", "untrained")


@exercise("alpha 0.25의 겹침 그림", "An overlay at alpha 0.25")
def check_overlay(answer, photo, m, alpha):
    """Whether the answer is that map over that photo, in any colormap."""
    picture = isinstance(answer, Image.Image)
    sized = picture and answer.size == photo.size
    found = _opacity(answer, photo, m) if sized else np.nan
    right, swapped, default = (abs(found - a) < 0.01 for a in (alpha, 1 - alpha, 0.5))
    ko = "다른 사진이나 다른 맵입니다. 마지막 줄에 있는 것을 쓰세요."
    yield right, f"불투명도 {alpha}의 겹침 그림입니다.", f"The overlay at alpha {alpha}."
    yield not picture, "겹침 그림이 아닙니다.", "That is no overlay."
    yield not sized, "크기가 다릅니다. 같은 사진에 겹치세요.", "Another size. Use the same photo."
    yield np.isnan(found), ko, "Another photo, or another map: use those of the last line."
    yield found < 0.01, "사진 그대로입니다. 맵을 겹치세요.", "The photo alone. Lay the map over it."
    yield swapped, "거꾸로입니다. alpha는 색의 비율입니다.", "Swapped: alpha weighs the colours."
    yield default, "불투명도 0.5, 곧 기본값입니다.", "Its alpha is 0.5, the default."
    yield ..., f"불투명도가 {found:.2f}입니다.", f"Its alpha is {found:.2f}."


def _opacity(answer, photo, m):
    """With what opacity the map lies over the photo, in any colormap; NaN if it does not."""
    step = max(1, max(photo.size) // 100)  # every so many pixels will do
    got, below = (np.asarray(p.convert("RGB"), float)[::step, ::step] for p in (answer, photo))
    for smooth in (True, False):
        values = overlay.resize_map(m, photo.size, smooth)[::step, ::step]
        for cmap in (*overlay.COLORMAPS, *matplotlib.colormaps):
            span = overlay.colorize(values, cmap) - below
            alpha = ((got - below) * span).sum() / ((span * span).sum() or 1)
            if np.abs(below + alpha * span - got).max() < 2:  # two roundings
                return alpha
    return np.nan


@exercise("가중치의 출처", "Where the weights come from")
def check_source(answer, model):
    """Whether the answer names where the weights of the model come from."""
    weights = model.weights
    yield weights.source, f"가중치의 출처는 {answer}입니다.", f"The weights' source is {answer}."
    trained, whole = isinstance(answer, bool), answer in (weights, str(weights))
    yield trained, "학습했느냐는 질문이 아닙니다.", "That says whether they are trained at all."
    yield whole, "설명 전체입니다. 낱말 하나만 쓰세요.", "The whole caption. One word will do."
    yield weights.name, "모델의 이름입니다.", "That is the model's name."
    yield answer in SOURCES, "표에 있지만 다른 출처입니다.", "In the table, but not this model's."
    english, nearly = answer.isascii(), answer.strip().lower() in SOURCES
    yield nearly, "표의 낱말을 글자 그대로 쓰세요.", "Write the word just as in the table."
    yield not english, "표의 영어 낱말로 쓰세요.", "Write it in English, as the table does."
    yield ..., "표 왼쪽 칸의 낱말을 쓰세요.", "Use a word of the table's left column."


@exercise("다른 사진", "Another photo")
def check_other_photo(answer, first):
    """Whether the answer is a photo, other than the one that was used before."""
    photo = isinstance(answer, Image.Image)
    new = photo and not np.array_equal(answer, first)
    yield new, "새 사진을 읽었습니다.", "A new photo is loaded."
    yield photo, "앞에서 쓴 고양이 사진입니다.", "This is the cat again."
    named = isinstance(answer, Path) or isinstance(answer, str) and "." in answer
    yield named, "파일의 이름입니다. 사진으로 읽으세요.", "A file's name. Load the photo."
    yield ..., "load_photo로 읽은 사진이 아닙니다.", "Not a photo that load_photo has read."
