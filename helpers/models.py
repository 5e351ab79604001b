"""A name or a file in, a timm model out, and which weights it holds."""

import os
import re
import sys
from pathlib import Path

import timm
import torch
from timm.models import load_state_dict

from bilingual import plain
from sources import faults, hub
from sources.faults import HubError
from sources.names import DEFAULT, ModelError, full_name, is_path, own_weights, repository

from .weights import Weights

EMBEDDED = "embedded"
EMBEDDED_DIR = Path(__file__).resolve().parent / "embedded"


class Unfit(ModelError):
    """A file that holds no weights of this model."""


def load_model(name=None, pretrained=True, fallback=True, architecture=None):
    """Load a Vision Transformer, ready to encode pictures of any size.

    Looks in the local cache, then asks the hub (for at most 3 s), downloads from there; if there is
    no hub, the embedded DINO takes its place and a notice says so.

    Parameters
    ----------
    name : str or Path, optional
        Any ViT of ``timm.list_pretrained()``, by Meta's name, too ("dinov2_vitb14"); "embedded" for
        the small DINO of this package; or weights of your own, which you trained with timm: a
        folder as timm saves it (with its config.json), or a .safetensors or .pth file; of a
        checkpoint of DINO's own training the teacher is taken. By default the environment variable
        ``DINO_MODEL``, else ``vit_base_patch16_224.dino``.
    pretrained : bool, False gives random weights, to compare with
    fallback : bool, False means this model or none, not the embedded DINO in its place
    architecture : str, optional
        timm's name of the model that a file of your own holds the weights of, for example
        "vit_small_patch16_224.dino"; a tag says how its photos are preprocessed.

    Returns
    -------
    timm model, in eval mode, without gradients or classifier; ``model.weights`` is its ``Weights``

    Raises
    ------
    ModelError
        timm has no such model (the nearest names are listed), no weights for it, or it is no ViT
        with a CLS token; a file of your own is not there or does not fit.
    HubError : only without `fallback`: why the weights cannot be had
    """
    name = name or os.environ.get("DINO_MODEL") or DEFAULT
    file = None
    if str(name).strip().lower() == EMBEDDED:
        name = kind = EMBEDDED
        source, file = own_weights(EMBEDDED_DIR, None)
    elif is_path(name):
        source, file = own_weights(Path(str(name)).expanduser(), architecture)
        name, kind = str(name), "file"
    else:
        source = name = full_name(str(name))
    if not pretrained:
        return _build(source, Weights(name, "untrained", False))
    if file:
        return _loaded(source, file, Weights(name, kind, True))
    try:
        return _from_cache_or_hub(name)
    except (HubError, KeyboardInterrupt) as error:
        if not fallback:
            raise
        faults.tell_of_replacement(name, error)
        return load_model(EMBEDDED)


def _build(source, weights, **kwargs):
    dynamic = {"num_classes": 0, "dynamic_img_size": True, "dynamic_img_pad": True}
    try:
        model = timm.create_model(source, **dynamic, **kwargs)
    except Exception as error:  # a config.json of another library's
        name = plain(weights.name)
        raise ModelError(
            f"timm으로 만들 수 없는 모델입니다: {name}. architecture=로 이름을 알려 주세요.",
            f"timm cannot build this model: {name}. Give its name by architecture=.",
        ) from error
    if getattr(model, "cls_token", None) is None:
        raise ModelError(
            f"CLS 토큰이 없는 모델입니다: {weights.name}. 다른 ViT를 고르세요.",
            f"This model has no CLS token: {weights.name}. Choose another ViT.",
        )
    model.eval().requires_grad_(False)
    model.weights = weights
    return model


def _loaded(source, file, weights):
    """A model with the numbers of a file; ``Unfit`` if these are not a model's of that kind."""
    with torch.device("meta"):  # random numbers, to be overwritten, would take most of the time
        model = _build(source, weights, weight_init="skip" if weights.name == EMBEDDED else None)
    try:
        state = _backbone(load_state_dict(str(file)))
        # timm's own, which also reads what others stored: the authors' files, and other sizes.
        state = sys.modules[type(model).__module__].checkpoint_filter_fn(state, model)
        wanted = model.state_dict()
        fit = {k for k, v in state.items() if k in wanted and v.shape == wanted[k].shape}
        # Whole numbers would need the scales by which they were rounded.
        wrong = [k for k in wanted if k not in fit or not state[k].is_floating_point()]
        # Of a block; a classifier's are not needed. Without them it would be another network.
        left = [key for key in state if "blocks." in key and key not in wanted]
        if not wrong:
            state = {key: state[key].to(wanted[key].dtype) for key in wanted}
            wrong = [k for k in wanted if not torch.stack(state[k].aminmax()).isfinite().all()]
    except Exception as error:  # SafetensorError, UnpicklingError, RuntimeError, KeyError …
        raise Unfit(
            f"파일이 깨졌거나 가중치(state_dict)가 아닙니다({file.name})",
            f"the file is damaged, or holds no weights ({file.name}), a state_dict",
        ) from error
    if wrong := left[:1] + wrong:
        names = ", ".join(wrong[:3] + ["…"] * (len(wrong) > 3))
        raise Unfit(
            f"이 모델의 가중치가 아닙니다({file.name}). 남거나(접두사? LoRA?), 없거나, 모양이 "
            f"다르거나, 유한하지 않은 것: {names}",
            f"not this model's weights ({file.name}); left over (a prefix? LoRA?), missing, "
            f"misshapen or not finite: {names}",
        )
    model.to_empty(device="cpu").load_state_dict(state, assign=True)
    for module in model.modules():  # what is computed, not stored: DINOv3's positions
        if hasattr(module, "init_non_persistent_buffers"):
            module.init_non_persistent_buffers()
    return model


def _backbone(state):
    """The teacher's backbone in a checkpoint of DINO's own training; other weights as they are."""
    state = state.get("teacher", state)
    state = {key: state[key] for key in state if key.startswith("teacher.")} or state
    return {re.sub(r"^(teacher\.)?(module\.)?(backbone\.)?", "", key): state[key] for key in state}


def _from_cache_or_hub(name):
    repo = repository(name)
    for _ in range(2):  # what is of no use is removed and asked for once more
        file, source = hub.weights_file(repo)
        try:
            return _loaded(name, Path(file), Weights(name, source, True))
        except Unfit as error:
            why = error.ko, error.en
        hub.forget(file)  # here, where no traceback holds it open any more
    raise faults.damaged(*why)
