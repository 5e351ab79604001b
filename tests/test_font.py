"""The font of the figures: its letters, its licence, its name."""

import pytest
from fontTools.ttLib import TTFont
from repository import ROOT

from helpers import plots

FONT = ROOT / "helpers" / "fonts" / "NanumGothic-subset.ttf"


@pytest.fixture(scope="module")
def font():
    return TTFont(FONT)


def test_font_covers_what_a_file_name_may_hold(font):
    """Photos are named by their owners: any Hangul, kana, and the Hanja of Korean usage."""
    known = font.getBestCmap().keys()
    assert {*range(0xAC00, 0xD7A4), *map(ord, "뷁똠ㄱあア漢字·→≤")} <= known


def test_font_keeps_its_licence(font):
    """OFL: the licence travels along, and a changed font must not use the reserved name."""
    names = {record.nameID: str(record) for record in font["name"].names}
    for name_id in (1, 3, 4, 6):
        assert "nanum" not in names[name_id].lower() and "나눔" not in names[name_id]
    assert "Copyright" in names[0]
    licence = (FONT.parent / "OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE" in licence and "Reserved Font Name Nanum" in licence


def test_figures_use_the_font(font):
    """The helpers look the family up under the name that the file has."""
    assert plots.hangul() == font["name"].getDebugName(1)
