"""One language or both: what is chosen and remembered, and that every text is a pair."""

import ast
import io
import re
import sys
from pathlib import Path

import pytest

import bilingual
from bilingual import BadInput, Bilingual, choose, console, counted, say
from classroom import lessons
from classroom.checks import lesson_01

ROOT = Path(__file__).resolve().parents[2]
HOUSES = "bilingual", "sources", "helpers", "topics", "explorer", "classroom"
HANGUL = re.compile(r"[\u3131-\u3163\uac00-\ud7a3]")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, tmp_path):
    """Settings of our own, no language chosen, nothing shown yet."""
    monkeypatch.setenv("DINO_OUTPUTS", str(tmp_path))
    monkeypatch.delenv("DINO_LANGUAGE", raising=False)
    monkeypatch.setattr(bilingual, "_chosen", None)
    monkeypatch.setattr(lessons, "_shown", False)
    return tmp_path


# --- one text in two languages ------------------------------------------------------------------


def test_of_a_pair_the_reader_gets_the_own_language():
    error = Bilingual("하나", "one")
    assert (say("하나", "one"), say("하나", "one", " · ")) == ("하나 one", "하나 · one")
    assert str(error) == "하나\none" and (error.ko, error.en) == ("하나", "one")
    choose("ko")
    assert say("하나", "one") == str(error) == "하나"
    choose("en")
    assert say("하나", "one") == str(error) == "one"


def test_a_wrong_language_is_told_in_both(monkeypatch):
    """Else the message itself could not be shown."""
    monkeypatch.setenv("DINO_LANGUAGE", "kr")
    with pytest.raises(BadInput) as caught:
        say("하나", "one")
    assert "값은 다음과" in str(caught.value) and "must be one of" in str(caught.value)


@pytest.mark.parametrize("things, total, shown", [("ab", None, "0/2"), (iter("ab"), 3, "0/3")])
def test_a_count_is_seen_and_gone_when_all_is_done(capsys, things, total, shown):
    assert [*counted(things, "사진", "photos", total)] == ["a", "b"]
    out, red = capsys.readouterr()
    assert f"사진 photos: {shown}" in out and red == ""
    page = re.sub(r"^.*\r(?=[^\n])", "", out, flags=re.M)  # as nbval and a page see it
    assert page.strip() == "" and "\n" not in page


def text(node):
    """The words of a string, an f-string or a sum of them, without what stands in the gaps."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value for part in node.values if isinstance(part, ast.Constant))
    if isinstance(node, ast.BinOp):
        return text(node.left) + text(node.right)
    return node.value if isinstance(getattr(node, "value", None), str) else ""


def unpaired(source):
    """Korean texts that no English one follows, as an argument or in a tuple or list."""
    tree = ast.parse(source)
    fine = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and isinstance(body[0], ast.Expr):
            fine.add(id(body[0].value))  # a docstring
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("ko", "NAMES"):
            fine |= {id(part) for part in ast.walk(node)}
        for _, values in ast.iter_fields(node):
            if isinstance(values, list):
                values = [v.value if isinstance(v, ast.keyword) else v for v in values]
                for ko, en in zip(values, values[1:]):
                    if isinstance(ko, ast.AST) and text(en) and not HANGUL.search(text(en)):
                        fine |= {id(part) for part in ast.walk(ko)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [text(n) for n in texts if id(n) not in fine and HANGUL.search(text(n))]


@pytest.mark.parametrize("source", ['f("사진 photo")', 'f(f"{x} 사진")', 'f("사진", "사진 photo")'])
def test_a_text_alone_is_found(source):
    assert unpaired(source)


def test_every_text_is_a_pair():
    # No texts of one language.
    alone = {"한국어 · English", "한글"}
    found = [
        (path.relative_to(ROOT).as_posix(), text)
        for house in HOUSES
        for path in sorted((ROOT / house).rglob("*.py"))
        for text in unpaired(path.read_text("utf-8"))
        if text not in alone
    ]
    assert found == []


def test_checks_speak_one_language(said):
    choose("ko")
    assert said(lesson_01.check_tokens, ..., image=8, patch=4).startswith("아직 답이 없습니다.")
    assert "No answer" not in said(lesson_01.check_tokens, ..., image=8, patch=4)
    choose("en")
    assert said(lesson_01.check_tokens, ..., image=8, patch=4).startswith("No answer yet.")


# --- the choice ---------------------------------------------------------------------------------


def test_default_is_both_and_says_nothing(capsys, own_settings):
    lessons.setup()
    assert bilingual.language() == "both"
    assert capsys.readouterr() == ("", "") and [*own_settings.iterdir()] == []


def test_choice_is_remembered_for_the_next_lesson(own_settings):
    lessons.setup(language="ko")
    choose(None)  # the next lesson's kernel
    lessons.setup()
    assert bilingual.language() == "ko"
    lessons.language("both")
    lessons.setup()
    assert bilingual.language() == "both"


def test_order_of_choices(monkeypatch):
    def chosen(language=None):
        lessons.setup(language)
        return bilingual.language()

    chosen("ko")
    monkeypatch.setenv("DINO_LANGUAGE", "en")
    assert (chosen(), chosen("both"), chosen()) == ("en", "both", "en")
    monkeypatch.delenv("DINO_LANGUAGE")
    assert chosen() == "both"


@pytest.mark.parametrize("name", ["한국어", "KO", " ko "])
def test_names_of_korean(name):
    lessons.setup(name)
    assert bilingual.language() == "ko"


@pytest.mark.parametrize("wrong", ["kr", "한국말", 3])
def test_wrong_names_give_one_error_in_both_languages(wrong, own_settings, monkeypatch):
    with pytest.raises(
        ValueError, match="값은 다음과 같습니다: ko, en, both.*\n.*must be one of ko, en, both"
    ):
        lessons.setup(language=wrong)
    assert bilingual.language() == "both"
    monkeypatch.setenv("DINO_LANGUAGE", str(wrong))
    with pytest.raises(ValueError, match="language must be"):
        lessons.setup()
    assert [*own_settings.iterdir()] == []


@pytest.mark.parametrize(
    "content", ["{", "[]", "[1]", '{"language": "kr"}', '{"language": 3}', "\xff"]
)
def test_settings_that_somebody_broke_are_no_settings(content, own_settings):
    (own_settings / "settings.json").write_text(content, encoding="latin-1")
    lessons.setup()
    assert bilingual.language() == "both"
    lessons.setup("en")
    choose(None)
    lessons.setup()
    assert bilingual.language() == "en"


def test_a_choice_that_cannot_be_written_holds_for_this_lesson(own_settings):
    (own_settings / "settings.json").mkdir()
    lessons.setup("en")
    assert bilingual.language() == "en"


def test_prose_of_the_other_language_is_hidden(monkeypatch):
    shown = []
    monkeypatch.setattr(lessons, "display", lambda data, **kw: shown.append(data["text/html"]))
    lessons.setup("both")
    assert shown == []
    lessons.setup("ko")
    assert '[lang="en"]' in shown[-1] and 'lang="ko"' in shown[-1] and "한국어" in shown[-1]
    lessons.language("en")
    assert '[lang="ko"]' in shown[-1] and not HANGUL.search(shown[-1])
    lessons.language("both")
    assert "style" not in shown[-1] and "Korean and English" in shown[-1]


# --- consoles that lack signs -------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding, language", [("utf-8", "both"), ("cp949", "both"), ("cp1252", "en"), ("ascii", "en")]
)
def test_a_console_without_hangul_gets_english(monkeypatch, encoding, language):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), encoding))
    console.prepare()
    assert bilingual.language() == language
    for stream in (sys.stdout, sys.stderr):
        print("가 ✓ → \udcff", file=stream)  # one of them lacks in each


def test_a_choice_holds_on_any_console(monkeypatch):
    monkeypatch.setenv("DINO_LANGUAGE", "ko")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    console.prepare()
    assert bilingual.language() == "ko"


ALONE = {"preflight.py", "subset_font.py", "box.py", "ask.py", "parent.py"}  # no bilingual there


def commands():
    """The files of ours that are run, and that print."""
    for house in ("helpers", "explorer", "classroom", "tools", "deploy"):
        for path in sorted((ROOT / house).rglob("*.py")):
            source = path.read_text("utf-8")
            if path.name not in ALONE and "\nif __name__ ==" in source and "print(" in source:
                yield path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*commands()])
def test_every_command_that_prints_takes_any_console(path):
    assert "console.prepare()" in (ROOT / path).read_text("utf-8")
