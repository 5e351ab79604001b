"""What people call a model in, timm's full name out; or a path in, and what is to be built."""

import difflib
import os
import re
from pathlib import Path

import timm
from timm.models import get_deprecated_models, is_model_in_modules, split_model_name_tag

from bilingual import Bilingual, plain, say, show

DEFAULT = "vit_base_patch16_224.dino"
_VIT_MODULES = {"vision_transformer", "eva", "deit"}
_SIZES = {"s": "small", "b": "base", "l": "large", "h": "huge", "g": "giant", "7b": "7b"}
# As Meta calls them: dino_vits16, facebook/dinov2-base, dinov2_vitb14_reg, dinov3-vits16-pretrain-…
# and as papers and our captions do: DINO ViT-S/16.
_META = re.compile(
    r"(?:facebook/)?(dino|dinov2|dinov3)(-with-registers)?[-_ ](?:vit-?)?(7b|[sblhg])"
    r"(?:mall|ase|arge|uge|iant)?/?(16|14|8)?(plus)?(_reg)?(?:[-_]pretrain[-_](\w+))?"
)

_FILES = ".safetensors", ".pth", ".pt", ".bin"
_PATH = re.compile(r"(?!facebook/|timm/|hf[-_]hub:).*[/\\].*|.*\.(safetensors|pth|pt|bin)", re.S)


class ModelError(Bilingual, ValueError):
    """No such model, or none that the lessons can read; the message says which names exist."""


def full_name(name):
    """Today's full name (architecture.tag) of a ViT that timm knows, by any name of it."""
    asked, name = name, re.sub("^(hf[-_]hub:)?(timm/)?", "", name.strip().lower())
    if meta := _META.fullmatch(name):
        family, registers, size, patch, plus, reg, data = meta.groups("")
        name = {
            "dino": f"vit_{_SIZES[size]}_patch{patch or 16}_224.dino",
            "dinov2": f"vit_{_SIZES[size]}_patch14{registers + reg and '_reg4'}_dinov2.lvd142m",
            "dinov3": f"vit_{_SIZES[size]}{plus and '_plus'}_patch16_dinov3.{data or 'lvd1689m'}",
        }[family]
    name = get_deprecated_models().get(name, name)
    architecture, tag = split_model_name_tag(name)
    if not timm.is_model(architecture) or (tag and name not in timm.list_pretrained()):
        nearest, asked = ", ".join(_nearest_names(name)), plain(asked)
        raise ModelError(
            f"timm에 그런 모델이 없습니다: {asked}. 비슷한 이름: {nearest}",
            f"timm has no such model: {asked}. Nearest names: {nearest}",
        )
    if not is_model_in_modules(architecture, _VIT_MODULES):
        raise ModelError(
            f"ViT가 아닌 모델입니다: {name}. 이 수업은 패치 토큰이 있는 ViT만 다룹니다.",
            f"Not a ViT: {name}. These lessons read ViTs only, which have patch tokens.",
        )
    if asked not in (name, architecture):
        show(f"{say('timm의 이름', 'name in timm', ' · ')}: {plain(asked)} → {name}")
    return f"{architecture}.{tag or timm.get_pretrained_cfg(architecture).tag}"


def is_path(name):
    """Whether a model is called by a path rather than by a name."""
    if isinstance(name, Path) or os.path.exists(name := str(name)):
        return True
    return bool(_PATH.fullmatch(name)) and not _META.fullmatch(name.strip().lower())


def own_weights(path, architecture):
    """The reader's own weights, by path: what timm is to build, and the file with the numbers."""
    file = next((f for kind in _FILES for f in sorted(path.glob(f"*{kind}"))), path)
    if not file.is_file():
        raise ModelError(
            f"가중치 파일({', '.join(_FILES)})이 없습니다: {plain(path)}. 이름은 timm을 따릅니다",
            f"No weights ({', '.join(_FILES)}) there: {plain(path)}. Names are timm's",
        )
    if not architecture and not (path / "config.json").is_file():
        example = 'architecture="vit_small_patch16_224.dino"'
        raise ModelError(
            f"어떤 모델의 가중치인지 알려 주세요({plain(path)}): {example}",
            f"Say which model's weights these are ({plain(path)}): {example}",
        )
    return full_name(str(architecture)) if architecture else f"local-dir:{path}", file


def repository(name):
    """The hub's name for the weights of a model by its ``full_name``; ModelError if none."""
    found = timm.get_pretrained_cfg(name).hf_hub_id
    if not found:
        raise ModelError(
            f"사전 학습 가중치가 없는 모델입니다: {name}. pretrained=False로만 쓸 수 있습니다.",
            f"There are no pretrained weights for {name}. Use pretrained=False.",
        )
    return found


def _nearest_names(name, count=5):
    lists = [timm.list_models(module=m, pretrained=p) for m in _VIT_MODULES for p in (False, True)]
    names = sorted({known for some in lists for known in some})  # what we read
    containing = [known for known in names if name in known and "vit" in known]
    containing.sort(key=lambda known: (not known.endswith(name), len(known)))
    similar = difflib.get_close_matches(name, names, count, cutoff=0.5)
    return [*dict.fromkeys(containing + similar)][:count] or [DEFAULT]
