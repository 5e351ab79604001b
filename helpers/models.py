"""A name in, a timm model out, and which weights it holds."""

import difflib
import os
from pathlib import Path

import timm
from safetensors import SafetensorError
from timm.models import get_deprecated_models, is_model_in_modules, split_model_name_tag

from bilingual import Bilingual, say, tell
from helpers.weights import Weights
from sources import hub

DEFAULT = "vit_base_patch16_224.dino"
EMBEDDED = "embedded"
EMBEDDED_DIR = Path(__file__).resolve().parent / "embedded"

_VIT_MODULES = {"vision_transformer", "eva", "deit"}


class ModelError(Bilingual, ValueError):
    """No such model, or none that the lessons can read; the message says which names exist."""


def load_model(name=None, pretrained=True, fallback=True):
    """Load a Vision Transformer, ready to encode pictures of any size.

    Looks in the local cache, then asks the hub (for at most 3 s), downloads from there; if there is
    no hub, the embedded DINO takes its place and a notice says so.

    Parameters
    ----------
    name : str, optional
        Any ViT of ``timm.list_pretrained()``, or "embedded" for the small DINO of this package. By
        default the environment variable ``DINO_MODEL``, else ``vit_base_patch16_224.dino``.
    pretrained : bool
        False gives random weights, to compare with.
    fallback : bool
        False means this model or none: no embedded DINO, but the ``hub.HubError`` that says why.

    Returns
    -------
    timm model
        In eval mode, without gradients or classifier; ``model.weights`` is its ``Weights``.

    Raises
    ------
    ModelError
        timm has no such model (the nearest names are listed), no weights for it, or it is no ViT
        with a CLS token.
    """
    name = name or os.environ.get("DINO_MODEL") or DEFAULT
    if name != EMBEDDED:
        name = full_name(name)
    if not pretrained:
        model = _build(name, Weights(name, "untrained", False), pretrained=False)
        print(model.weights)
        return model
    if name == EMBEDDED:
        # Random numbers first, to be overwritten by the file's, would take most of the time.
        return _build(EMBEDDED, Weights(EMBEDDED, "embedded", True), weight_init="skip")
    try:
        return _from_cache_or_hub(name)
    except (hub.HubError, KeyboardInterrupt) as error:
        if not fallback:
            raise
        _notice(name, hub.STOPPED if isinstance(error, KeyboardInterrupt) else error)
        return load_model(EMBEDDED)


def _build(name, weights, pretrained=True, **kwargs):
    source = f"local-dir:{EMBEDDED_DIR}" if name == EMBEDDED else name
    model = timm.create_model(
        source,
        pretrained=pretrained,
        num_classes=0,
        dynamic_img_size=True,
        dynamic_img_pad=True,
        **kwargs,
    )
    if model.cls_token is None:
        raise ModelError(
            f"CLS 토큰이 없는 모델입니다: {name}. 다른 ViT를 고르세요.",
            f"This model has no CLS token: {name}. Choose another ViT.",
        )
    model.eval().requires_grad_(False)
    model.weights = weights
    return model


def full_name(name):
    """Today's full name (architecture.tag) of a ViT that timm knows."""
    if current := get_deprecated_models().get(name):
        print(f"{say('옛 이름', 'old name', ' · ')}: {name} → {current}")
        name = current
    architecture, tag = split_model_name_tag(name)
    if not timm.is_model(architecture) or (tag and name not in timm.list_pretrained()):
        nearest = ", ".join(_nearest_names(name))
        raise ModelError(
            f"timm에 그런 모델이 없습니다: {name}. 비슷한 이름: {nearest}",
            f"timm has no such model: {name}. Nearest names: {nearest}",
        )
    if not is_model_in_modules(architecture, _VIT_MODULES):
        raise ModelError(
            f"ViT가 아닌 모델입니다: {name}. 이 수업은 패치 토큰이 있는 ViT만 다룹니다.",
            f"Not a ViT: {name}. These lessons read ViTs only, which have patch tokens.",
        )
    tag = tag or timm.get_pretrained_cfg(architecture).tag
    return f"{architecture}.{tag}"


def _nearest_names(name, count=5):
    names = sorted({*timm.list_models(), *timm.list_pretrained()})
    containing = [known for known in names if name.lower() in known and "vit" in known]
    containing.sort(key=lambda known: (not known.endswith(name.lower()), len(known)))
    similar = difflib.get_close_matches(name.lower(), names, count, cutoff=0.5)
    return [*dict.fromkeys(similar + containing)][:count] or [DEFAULT]


def repository(name):
    """The hub's name for the weights of a model by its ``full_name``; ModelError if none."""
    found = timm.get_pretrained_cfg(name).hf_hub_id
    if not found:
        raise ModelError(
            f"사전 학습 가중치가 없는 모델입니다: {name}. pretrained=False로만 쓸 수 있습니다.",
            f"There are no pretrained weights for {name}. Use pretrained=False.",
        )
    return found


def _from_cache_or_hub(name):
    repo = repository(name)
    for _ in range(2):  # a damaged file is removed and asked for once more
        file, source = hub.weights_file(repo)
        # What pretrained=True does, less the request that timm makes even for a cached file.
        overlay = {"file": file, "custom_load": False}
        try:
            return _build(name, Weights(name, source, True), pretrained_cfg_overlay=overlay)
        except SafetensorError:
            hub.forget(file)
    raise hub.damaged()


def _notice(name, error):
    """Why the embedded DINO takes the place of a model, what it is, and how to get the real one."""
    tell(
        f"{name} 대신 내장 DINO를 씁니다: {error.why[0]}.\n"
        "내장 DINO는 이 수업에 들어 있는 작은 DINO입니다(토큰 197개).\n"
        f"원래 모델을 쓰려면 {error.remedy[0]} 다시 실행하세요.",
        f"Using the embedded DINO instead of {name}: {error.why[1]}.\n"
        "It is a small DINO that comes with these lessons (197 tokens).\n"
        f"For the real one, {error.remedy[1]} and run again.",
    )
