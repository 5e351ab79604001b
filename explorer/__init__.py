"""The overlay to play with, in the browser.

``widget`` is the explorer in a notebook, ``data`` and ``network`` compute what it is sent, the
modules in JavaScript show it, ``export`` writes files, ``live`` is a page of its own with a camera,
and ``upload`` a button for a photo of one's own.
"""

from bilingual import BadInput
from explorer import network
from explorer.widget import Explorer
from helpers.weights import caption

__all__ = ["camera", "explore"]

explore = Explorer  # as the lessons say it


def camera(model):
    """A camera whose pictures the network sees, live in the cell; photos where there is none.

    Whether there is a camera is the browser's to say: it gives one to pages on this machine and to
    https, not to frames that VS Code or Colab draw. Nothing leaves the browser.

    Parameters
    ----------
    model : timm model, small and of timm's plain kind, as the embedded one is

    Returns
    -------
    live.Camera, a widget that shows itself as a cell's last line

    Raises
    ------
    BadInput
        It is a model that a browser cannot compute.
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
