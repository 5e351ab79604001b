"""The overlay to play with, in the browser.

``widget`` is the explorer in a notebook, ``data`` and ``network`` compute what it is sent, the
modules in JavaScript show it, ``export`` writes files, ``live`` is a page of its own with a camera,
and ``upload`` a button for a photo of one's own.
"""

import contextlib
from pathlib import Path

from bilingual import BadInput
from explorer import network
from explorer.widget import KINDS, Explorer
from helpers.weights import caption
from sources.kinds import PhotoError
from topics.masks import load_masks

__all__ = ["camera", "explore"]


def explore(photo, model, fit="crop", size=None, start="norm", masks=None):
    """An overlay whose map, opacity, colours and patch the reader chooses, and a bench to break it.

    Parameters
    ----------
    photo : PIL.Image.Image, or anything that ``images.load_photo`` reads
    model : timm model
    fit, size : see ``images.to_tensor``; a larger size gives a finer grid. "whole" crops a photo
        that is more than 3.5 times as long as it is wide.
    start : {"norm", "cls", "similarity", "query"}
        The map that is shown first: token norm, CLS attention, or similarity to, and attention of,
        the patch under the mouse.
    masks : array, optional
        As ``masks.load_masks`` gives: then the explorer says whether a map's highest patch lies on
        an object. Known of a bundled photo given by its name.

    Returns
    -------
    Explorer, a widget; works on ipywidgets 7.7 and 8

    Raises
    ------
    PhotoError, BadInput
        See ``images.to_tensor``; and if there is no such `start`.
    """
    if start not in KINDS:
        raise BadInput(
            f"start는 {', '.join(KINDS)} 가운데 하나여야 합니다: {start!r}",
            f"start must be one of {', '.join(KINDS)}: {start!r}",
        )
    if masks is None and isinstance(photo, (str, Path)):
        with contextlib.suppress(PhotoError):
            masks = load_masks(photo)
    return Explorer(photo, model, fit, size, start, masks)


def camera(model):
    """A camera whose pictures the network sees, live in the cell; photos where there is none.

    Whether there is a camera is the browser's to say: it gives one to pages on this machine and to
    https, not to frames that VS Code or Colab draw. Nothing leaves the browser.

    BadInput if the model is not small and of timm's plain kind, as the embedded one is.
    """
    from explorer import live  # not above: ``python -m explorer.live`` would load it twice

    if not network.in_page(model):
        raise BadInput(
            f"브라우저에서는 작은 기본형 ViT만 계산할 수 있습니다: {caption(model)}. "
            'models.load_model("embedded")로 불러온 내장 DINO를 쓰세요.',
            f"A browser computes small ViTs of the plain kind only: {caption(model)}. "
            'Use the embedded DINO, models.load_model("embedded").',
        )
    return live.Camera(model)
