"""One language or both: what is chosen and remembered, and that every text follows the choice."""

import ast
import json
import os
import re
from pathlib import Path

import ipywidgets
import matplotlib
import nbformat
import pytest
import torch
from helpers.language import HANGUL, pick, say
from matplotlib.text import Text

import explorer
from classroom import checks, language_switch, lessons
from helpers import images, language, models, parts, plots
from topics import attention, deletion, norms, objects, patches, preprocessing, search, zoo
from training import figures

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, tmp_path):
    """Settings of our own, both languages to begin with, and no switch thrown yet."""
    monkeypatch.setenv("DINO_OUTPUTS", str(tmp_path))
    monkeypatch.delenv("DINO_LANGUAGE", raising=False)
    monkeypatch.setattr(language, "_chosen", "both")
    monkeypatch.setattr(language_switch, "_started", False)
    return tmp_path


@pytest.fixture
def speak(monkeypatch):
    return lambda choice: monkeypatch.setattr(language, "_chosen", choice)


# --- one text in two languages ------------------------------------------------------------------

LABELS = {
    "사진 photo": ("사진", "photo"),
    "토큰 노름 맵 · token-norm map": ("토큰 노름 맵", "token-norm map"),
    "CLS 어텐션 CLS attention": ("CLS 어텐션", "CLS attention"),
    "헤드 head 3": ("헤드 3", "head 3"),
    "입력 input (px)": ("입력 (px)", "input (px)"),
    "패치 patches: 14 × 14 = 196": ("패치: 14 × 14 = 196", "patches: 14 × 14 = 196"),
    "중앙값 median × 2": ("중앙값 × 2", "median × 2"),
    "공통 shared\n0..1": ("공통\n0..1", "shared\n0..1"),
    "첫째 성분 1st component": ("첫째 성분", "1st component"),
    "밝기 lightness L*": ("밝기", "lightness L*"),
    "엔트로피 entropy 4.85, ln K = 4.85": (
        "엔트로피 4.85, ln K = 4.85",
        "entropy 4.85, ln K = 4.85",
    ),
    "여기 있습니다 · here: A, B": ("여기 있습니다: A, B", "here: A, B"),
    "뺍니다 · left out:": ("뺍니다:", "left out:"),
    "안 배움 untrained,\n그대로 as is": ("안 배움\n그대로", "untrained,\nas is"),
    "답 하나의 엔트로피\nentropy of one answer": ("답 하나의 엔트로피", "entropy of one answer"),
    "계산하고 있습니다 … The kernel is working …": (
        "계산하고 있습니다 …",
        "The kernel is working …",
    ),
}
MESSAGES = {
    "사진이 아닙니다: cat.txt.\nNot a photo: 우리 집 고양이.txt.": (
        "사진이 아닙니다: cat.txt.",
        "Not a photo: 우리 집 고양이.txt.",
    ),
    "투명도 alpha는 0과 1 사이여야 합니다: 3\nalpha must be between 0 and 1: 3": (
        "투명도 alpha는 0과 1 사이여야 합니다: 3",
        "alpha must be between 0 and 1: 3",
    ),
    "하나.\n둘.\nOne.\nTwo words.\nThree words.": (
        "하나.\n둘.",
        "One.\nTwo words.\nThree words.",
    ),
}
OF_ONE_LANGUAGE = [
    "alpha 0.5",
    "사진",
    "내장 DINO",
    "가중치: vit_base_patch16 (hub)",
    "",
    "PCA → RGB",
]


@pytest.mark.parametrize(("text", "halves"), (LABELS | MESSAGES).items())
def test_a_text_is_cut_in_two(text, halves, speak):
    assert pick(text) == text
    for choice, half in zip(("ko", "en"), halves):
        speak(choice)
        assert pick(text) == half
        assert pick(half) == half


@pytest.mark.parametrize("text", OF_ONE_LANGUAGE)
@pytest.mark.parametrize("choice", ["ko", "en"])
def test_a_text_of_one_language_stays(text, choice, speak):
    speak(choice)
    assert pick(text) == text


def test_say_takes_one_of_two_texts(speak):
    assert say("하나", "one") == "하나\none" and say("하나", "one", both="하나 one") == "하나 one"
    speak("ko")
    assert say("하나", "one") == "하나"
    speak("en")
    assert say("하나", "one") == "one"


def literal(node):
    """The text of a string or an f-string, a number in each of its gaps; else None."""
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "7" for v in node.values)
    return node.value if isinstance(getattr(node, "value", None), str) else None


def bilingual_texts():
    """(where, text) of all that helpers cut, raise or draw, and that lessons write as labels."""
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = getattr(getattr(node, "func", None), "attr", getattr(node, "func", None))
            cut = isinstance(node, ast.Call) and getattr(named, "id", named) == "pick"
            drawn = isinstance(node, ast.Call) and getattr(named, "id", named) == "draw"
            if not (cut or drawn or isinstance(node, ast.Raise)):
                continue
            inner = [n for argument in ast.iter_child_nodes(node) for n in ast.walk(argument)]
            in_gaps = {id(v) for n in inner if isinstance(n, ast.JoinedStr) for v in n.values}
            yield from (
                (path.name, literal(n)) for n in inner if id(n) not in in_gaps and literal(n)
            )
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                nodes = [*ast.walk(ast.parse(cell.source))]
                in_gaps = {id(v) for n in nodes if isinstance(n, ast.JoinedStr) for v in n.values}
                yield from (
                    (path.name, literal(n)) for n in nodes if id(n) not in in_gaps and literal(n)
                )


def test_every_text_of_helpers_and_lessons_can_be_cut(speak):
    """Else a label or an error would stay in both languages, or lose what both must say."""
    texts = {
        (where, text)
        for where, text in bilingual_texts()
        if HANGUL.search(text) and "HF_HUB" not in text
    }
    assert len(texts) > 100
    problems = []
    for where, text in sorted(texts):
        if not re.search("[a-z]{2}", text.split("{")[0]):
            continue  # Korean alone: the other half of a pair
        speak("ko")
        ko = pick(text)
        speak("en")
        en = pick(text)
        if HANGUL.search(en) or not HANGUL.search(ko) or ko == text or pick(en) != en:
            problems.append((where, text, ko, en))
        speak("ko")
        if pick(ko) != ko:
            problems.append((where, text, ko, pick(ko)))
    assert problems == []


def test_nothing_is_printed_in_two_languages_without_a_choice():
    """Every notice goes through `pick` or `say` (of this room, or of the checks)."""

    def hangul(node, covered=False):
        name = getattr(node, "func", None)
        name = getattr(name, "attr", getattr(name, "id", None))
        covered = covered or name in ("pick", "say", "in_language")
        if isinstance(getattr(node, "value", None), str) and HANGUL.search(node.value):
            return [] if covered else [node.value]
        return [text for child in ast.iter_child_nodes(node) for text in hangul(child, covered)]

    problems = []
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "print":
                problems += [(path.name, text) for text in hangul(node)]
    assert problems == []


def test_command_line_speaks_one_language(monkeypatch, capsys):
    from helpers.__main__ import main

    monkeypatch.setenv("DINO_LANGUAGE", "en")
    assert main(["none.jpg"]) == 2
    assert capsys.readouterr().err.startswith("No such file: none.jpg.")
    monkeypatch.setenv("DINO_LANGUAGE", "kr")
    assert main(["none.jpg"]) == 2
    assert "must be" in capsys.readouterr().err


# --- the choice ---------------------------------------------------------------------------------


def test_default_is_both_and_says_nothing(capsys, own_settings):
    lessons.setup()
    assert language.chosen() == "both"
    assert capsys.readouterr() == ("", "") and [*own_settings.iterdir()] == []


def test_choice_is_remembered_for_the_next_lesson(monkeypatch, own_settings, capsys):
    (own_settings / "settings.json").write_text('{"other": 1}')
    lessons.setup(language="ko")
    monkeypatch.setattr(language, "_chosen", "both")  # the next lesson's kernel
    lessons.setup()
    assert language.chosen() == "ko"
    kept = json.loads((own_settings / "settings.json").read_text())
    assert kept == {"other": 1, "language": "ko"}
    lessons.language("both")
    lessons.setup()
    assert language.chosen() == "both"


def test_order_of_choices(monkeypatch, own_settings):
    language.choose("ko", own_settings)
    monkeypatch.setenv("DINO_LANGUAGE", "en")
    assert language.choose(None, own_settings) == "en"
    assert language.choose("both", own_settings) == "both"
    monkeypatch.delenv("DINO_LANGUAGE")
    assert language.choose(None, own_settings) == "both"


@pytest.mark.parametrize("name", ["한국어", "KO", " ko "])
def test_names_of_korean(name, own_settings):
    assert language.choose(name, own_settings) == "ko"


@pytest.mark.parametrize("wrong", ["kr", "한국말", 3])
def test_wrong_names_give_one_error_in_both_languages(wrong, own_settings, monkeypatch):
    with pytest.raises(ValueError, match='"both" 가운데 하나여야 합니다.*\n.*must be "ko", "en"'):
        lessons.setup(language=wrong)
    monkeypatch.setenv("DINO_LANGUAGE", str(wrong))
    with pytest.raises(ValueError, match="language must be"):
        lessons.setup()
    assert [*own_settings.iterdir()] == [] and language.chosen() == "both"


@pytest.mark.parametrize("content", ["{", "[]", '{"language": "kr"}', '{"language": 3}', "\xff"])
def test_settings_that_somebody_broke_are_no_settings(content, own_settings):
    (own_settings / "settings.json").write_text(content, encoding="latin-1")
    assert language.choose(None, own_settings) == "both"
    assert language.choose("en", own_settings) == "en"
    assert language.choose(None, own_settings) == "en"


def test_a_choice_that_cannot_be_written_holds_for_this_lesson(own_settings):
    (own_settings / "settings.json").mkdir()
    assert language.choose("en", own_settings) == "en"


# --- what follows the choice --------------------------------------------------------------------


def figures(photo, model, path):
    m = torch.linspace(0, 1, 196).reshape(14, 14)
    four = m.expand(4, 14, 14)
    run = {name: [1.0, 2.0] for name in ("loss", "entropy", "batch_entropy")}
    features = torch.randn(196, 8, generator=torch.Generator().manual_seed(0))
    yield plots.two_panel(photo, m, weights=model)
    yield plots.compare({"사진 photo": photo, "노름 맵 norm map": m}, weights="없음 none")
    yield plots.heads(photo, four, weights=model)
    yield plots.patch_grid(photo, (14, 14), weights=torch.nn.Linear(1, 1))
    yield attention.draw_blocks_heads(four[None], weights=model)
    yield attention.draw_scales(four, weights=model)
    yield attention.draw_query(photo, m, (1, 2), weights=model)
    yield attention.draw_kept(photo, {"남긴 것 kept": m > 0.5}, weights=model)
    yield attention.draw_agreement({"사진 photo": (photo, m, m)}, weights=model)
    yield objects.draw_regions(photo, {"마스크 mask": m > 0.5}, weights=model)
    yield deletion.draw_curves(
        {"노름 norm": [1, 0]}, weights=model, xlabel="지운 patches (%)", ylabel="유사도 cosine"
    )
    yield patches.draw_similarity({"유사도 similarity": (photo, m)}, (1, 2), weights=model)
    yield parts.draw_parts(photo, (m * 3).int(), weights=model)
    yield parts.draw_pca(photo, parts.pca_rgb(features, (14, 14)), weights=model)
    yield patches.draw_matches((photo, photo), ((14, 14),) * 2, torch.tensor([[0, 1]]), weights=model)
    yield patches.draw_rates({"학습된 trained,\n그대로 as is": (0.1, 0.2)}, weights=model)
    yield search.draw_retrieval(photo, [search.Found(path, 0.9)], weights=model)
    yield figures.rows({"장면 scene 0": four}, weights=model)
    yield figures.curves({"여기서 here": run}, 128, weights="저장된 기록 recorded runs")
    yield zoo.draw_side_by_side({"cat": photo}, weights={"cat": models.caption(model)})
    yield norms.draw_histogram(four.flatten(1)[:, None] + 1, 2, weights=model)
    yield preprocessing.draw_differences(photo, {"post": m.numpy(), "timm": 1 - m.numpy()}, weights=model)


def words(figure):
    figure.canvas.draw()
    return {text.get_text() for text in figure.findobj(Text) if text.get_text()}


@pytest.mark.parametrize("choice", ["ko", "en"])
def test_every_figure_speaks_one_language(choice, photo, embedded, speak):
    path = images.sample_photos()[0]
    both = [words(figure) for figure in figures(photo, embedded, path)]
    speak(choice)
    one = [words(figure) for figure in figures(photo, embedded, path)]
    drawn = {n for n in vars(plots) if callable(getattr(plots, n)) and n.islower()}
    assert len(one) >= len(drawn - {"gallery", "live_curves"})  # each kind of picture is here
    for before, after in zip(both, one):
        assert any(map(HANGUL.search, before)), before
        if choice == "en":
            assert not any(map(HANGUL.search, after)), after
        else:
            assert any(map(HANGUL.search, after)), after
        assert all(pick(text) == text for text in after), after


def test_checks_and_weights_speak_one_language(speak, said):
    blank = models.Weights("vit_x", "untrained", False)
    own = models.Weights("embedded", "embedded", True)
    hand = torch.nn.Linear(1, 1)
    speak("ko")
    assert said(checks.check_tokens, ..., image=8, patch=4).startswith("아직 답이 없습니다.")
    assert "No answer" not in said(checks.check_tokens, ..., image=8, patch=4)
    assert str(blank) == "vit_x (학습 안 됨)" and str(own).startswith("내장 DINO (")
    assert models.caption(hand) == "가중치 알 수 없음: Linear"
    speak("en")
    assert said(checks.check_tokens, ..., image=8, patch=4).startswith("No answer yet.")
    assert str(blank) == "UNTRAINED vit_x (random weights)"
    assert str(own) == "embedded DINO (112 px, patch 8)"
    assert models.caption(hand) == "weights unknown: Linear"


def test_notices_and_tables_speak_one_language(speak, capsys):
    for choice in ("ko", "en"):
        speak(choice)
        models.load_model("vit_small_patch16_224_dino")  # an old name, and the hub is off
        zoo.available(zoo.LINE_UP[:4])
        table = zoo.table(zoo.LINE_UP[:1])
        out = capsys.readouterr().out + repr(table) + table._repr_html_()
        assert bool(HANGUL.search(out)) == (choice == "ko")
        assert ("instead of" in out, "Skipped" in out, "licence" in out) == (choice == "en",) * 3


def test_explorer_speaks_one_language(photo, embedded, speak, tmp_path):
    speak("en")
    box = explorer.explore(photo, embedded)
    assert box.view.language == "en"
    page = box.save_html(tmp_path / "page.html").read_text("utf-8")
    assert '<html lang="en">' in page and '"language": "en"' in page and "<noscript>Please" in page
    speak("both")
    assert explorer.explore(photo, embedded).view.language == "both"


# --- the switch in a notebook -------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch):
    calls = []
    shown = calls.append
    monkeypatch.setattr(language_switch, "display", lambda data, **kw: shown(data["text/html"]))
    monkeypatch.setattr(language_switch, "get_ipython", lambda: None)
    yield calls
    ipywidgets.Widget.on_widget_constructed(None)


def test_prose_of_the_other_language_is_hidden(shown):
    lessons.setup("both")
    assert shown == []
    lessons.setup("ko")
    assert '[lang="en"]' in shown[-1] and 'lang="ko"' in shown[-1] and "한국어" in shown[-1]
    lessons.language("en")
    assert '[lang="ko"]' in shown[-1] and not HANGUL.search(shown[-1])
    lessons.language("both")
    assert "style" not in shown[-1] and "Korean and English" in shown[-1]


def test_widgets_made_afterwards_speak_one_language(shown):
    lessons.setup("ko")
    slider = ipywidgets.FloatSlider(description="투명도 alpha", value=0.5)
    menu = ipywidgets.Dropdown(options={"노름 norm": 1, "어텐션 attention": 2}, value=2)
    names = ipywidgets.ToggleButtons(options=["빨강 red", "blue"])
    upload = explorer.upload(lambda photo: None).children[0]
    assert (slider.description, slider.value) == ("투명도", 0.5)
    assert [label for label, _ in menu.options] == ["노름", "어텐션"] and menu.value == 2
    assert names.value == "빨강 red" and names.options[0] == ("빨강", "빨강 red")
    assert upload.description == "사진 올리기"
    lessons.language("both")
    assert ipywidgets.IntSlider(description="사진 image").description == "사진 image"


def test_environment_of_the_tests_is_both():
    """What a user chose in outputs/settings.json must not change the stored lessons."""
    from tools.notebooks import hub_off

    os.environ.pop("DINO_LANGUAGE", None)
    hub_off()
    assert os.environ["DINO_LANGUAGE"] == "both"
    assert matplotlib.rcParams["font.family"]  # plots are loaded, and with them the font
