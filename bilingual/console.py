"""Commands, on a console that may know neither Hangul nor every sign of a file's name."""

import argparse
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


class Parser(argparse.ArgumentParser):
    """Raises ``BadInput`` for a command that it does not understand; argparse's is in English."""

    def error(self, message):
        raise bilingual.BadInput(
            f"명령을 이해하지 못했습니다({message}). 쓰는 법은 --help로 볼 수 있습니다.",
            f"The command is not understood ({message}). --help says how it is written.",
        )
