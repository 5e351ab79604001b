"""Printing on a console that may know neither Hangul nor every sign of a file's name."""

import sys

import bilingual


def prepare():
    """Let no print fail; every command of ours calls this first.

    A sign that the console's encoding lacks (Windows has cp949, cp1252, …) is printed as its
    escape. Where Hangul is lacking and no language was chosen, English comes out alone.

    Raises
    ------
    bilingual.BadInput
        DINO_LANGUAGE holds no language.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    if bilingual.language() == "both":
        try:
            "한글".encode(sys.stdout.encoding)
        except UnicodeEncodeError:
            bilingual.choose("en")
