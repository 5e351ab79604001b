"""Cut NanumGothic down to the glyphs this tutorial draws, and give the result its own name.

    python tools/subset_font.py /usr/share/fonts/truetype/nanum/NanumGothic.ttf

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
    """ASCII, a little punctuation, and the 2,350 syllables of KS X 1001."""
    # In EUC-KR the syllables fill rows 0xB0..0xC8 of KS X 1001, 94 to a row.
    codes = ((high, low) for high in range(0xB0, 0xC9) for low in range(0xA1, 0xFF))
    hangul = (bytes(code).decode("euc_kr") for code in codes)
    jamo = map(chr, range(0x3131, 0x3164))  # single letters, as in "ㄱ, ㄴ, ㄷ"
    return {*map(chr, range(0x20, 0x7F)), *"·…→←×—–°≈≤≥±“”‘’", *hangul, *jamo}


def main(source):
    """Write the subset beside the helpers and say how large it is."""
    font = TTFont(source)
    names = [
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        13,
        14,
    ]  # copyright, family, style, id, full, version, PS, licence
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
    print(f"{OUT}: {FAMILY}, {len(font.getBestCmap())} characters, {size:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
