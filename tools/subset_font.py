"""Cut NanumGothic down to the glyphs this tutorial draws, and give the result its own name.

    python -m tools.subset_font /usr/share/fonts/truetype/nanum/NanumGothic.ttf

Needs fonttools, which matplotlib already brings. The font's licence (SIL OFL 1.1) reserves the
name "Nanum": a changed font may not carry it, so the subset calls itself "Dino Hangul".
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY = "Dino Hangul"
OUT = Path(__file__).parents[1] / "helpers" / "fonts" / "NanumGothic-subset.ttf"


def wanted():
    """ASCII, a little punctuation, and all that a file's name may hold: Hangul, kana, Hanja."""
    blocks = (0x20, 0x7F), (0x3041, 0x3164), (0x4E00, 0xA000), (0xAC00, 0xD7A4)
    return {*"·…→←×—–°≈≤≥±“”‘’", *(chr(code) for block in blocks for code in range(*block))}


def main(source):
    """Write the subset beside the helpers and say how large it is."""
    font = TTFont(source)
    names = [*range(7), 13, 14]  # copyright, family, style, id, full, version, PS, licence
    cutter = subset.Subsetter(subset.Options(hinting=False, name_IDs=names))
    cutter.populate(text="".join(wanted()))
    cutter.subset(font)
    new = {1: FAMILY, 3: f"{FAMILY}; subset of a Korean font", 4: FAMILY, 6: "DinoHangul-Regular"}
    for record in font["name"].names:
        if record.nameID in new:
            record.string = new[record.nameID]
    # Korean name records would still say the reserved name; the English ones are enough.
    font["name"].names = [r for r in font["name"].names if r.platformID == 3 and r.langID == 0x409]
    font.save(OUT)
    size = OUT.stat().st_size / 1e6
    print(f"{OUT.name}: {FAMILY}, {len(font.getBestCmap())} characters, {size:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
