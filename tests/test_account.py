"""The lessons tell of the embedded network what its model card tells."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
CARD = (ROOT / "helpers/embedded/README.md").read_text("utf-8")
# What the card says was added to DINO, and the words for it in the training lesson.
ADDED = {
    "contrast": ("대조 손실", "**contrast**"),
    "patch contrast": ("패치 대조", "**patch contrast**"),
    "hiding": ("**가리", "**hidden**"),
    "dropout of the last two blocks' attention": ("무작위로 떨어뜨리", "dropped at random"),
    "contrast on the plain mean of the patch tokens": ("평균에도 대조", "mean of patch tokens"),
    "blank pictures": ("단색 그림", "plain pictures"),
    "heads apart": ("너무 닮은 헤드", "heads too alike"),
    "heads that agree": ("다른 곳을 보는 헤드", "unlike between views"),
    "maps that agree": ("**맵에도** 걸", "put **on maps**"),
    "one goal on several backgrounds": ("**여러 번** 바꾸어도", "**on several backgrounds**"),
    "attention kept": ("노름만, 그다음", "Norms alone, then"),
    "one goal for all heads": ("가장 나은 헤드", "best head"),
    "only queries and keys of the last block learn": ("**그대로** 두", "weights **stayed**"),
    "the student sees every background": ("모든 가중치를 함께", "**All together**"),
    "inside the goal": ("**안쪽**에서 가장 높게", "highest **inside**"),
    "one camera": ("흐림과 잡음", "Blur and grain"),
}


def lesson(name, language):
    (path,) = (ROOT / "notebooks").glob(name)
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(c.source for c in cells if f"lang-{language}" in c.metadata.get("tags", []))


def test_all_that_the_card_lists_is_known_here():
    listed = re.findall(r"^- \*\*(.+?)\*\*", CARD.partition("## Recipe")[2], re.MULTILINE)
    assert set(listed) == set(ADDED)


@pytest.mark.parametrize("number, language", [(0, "ko"), (1, "en")])
def test_the_training_lesson_tells_of_every_addition(number, language):
    told = lesson("11_*", language)
    assert [card for card, words in ADDED.items() if words[number] not in told] == []


@pytest.mark.parametrize("language, words", [("ko", "합성|오려|오린"), ("en", "composite|cut-out")])
@pytest.mark.parametrize("name", ["00_*", "05_*", "07_*", "08_*", "10_*", "11_*"])
def test_lessons_say_what_it_was_trained_on(name, language, words):
    assert re.search(words, CARD) and re.search(words, lesson(name, language))
