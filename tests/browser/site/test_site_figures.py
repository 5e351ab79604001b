"""The pictures of the site and a lesson that is run for it: what they say, in one language."""

import re

import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import bilingual
from helpers import images
from tests.browser.site.pages import HANGUL, soup
from tools import make_payoffs
from tools.site import figures


@pytest.mark.parametrize("choice", ["ko", "en"])
def test_the_pictures_of_the_lessons_are_in_one_language(choice, embedded, monkeypatch):
    monkeypatch.setattr(bilingual, "_chosen", choice)
    bird = images.load_photo("kingfisher.jpg")
    figures = [make_payoffs.payoff_01(embedded)]
    four = (getattr(make_payoffs, f"payoff_0{number}") for number in (0, 2, 4, 5))
    figures += [f(embedded, bird) for f in four]
    figures += [make_payoffs.payoff_06(embedded, bird), make_payoffs.payoff_07(embedded)]
    figures += [make_payoffs.payoff_09(), make_payoffs.payoff_11(steps=1)]
    for figure in figures:
        said = [text.get_text() for text in figure.findobj(Text) if text.get_text()]
        assert [text for text in said if re.search("[가-힣] [a-z]", text)] == []
        assert bool(HANGUL.search("".join(said))) == (choice == "ko")


def test_the_words_of_a_figure(monkeypatch):
    monkeypatch.setattr(bilingual, "_chosen", "en")
    figure, (left, right) = plt.subplots(1, 2)
    figure.supxlabel("weights: none")
    assert figures.alt(figure) == ""  # the section says more
    left.set_title("a\nmap", loc="left")
    right.set_title(r"costs 1 \$")
    right.set(xlabel="steps", ylabel="loss")
    right.plot([1], label="trained")
    right.legend()
    said = r"a map, costs 1 $. horizontal: steps, vertical: loss. trained. weights: none"
    assert figures.alt(figure) == said
    many, axes = plt.subplots(4, 4)
    for i, ax in enumerate(axes.flat):
        ax.set_title(f"head {i}")
    assert figures.alt(many).endswith("head 11, and 4 more")
    plt.close("all")


def test_a_figure_says_what_is_written_in_it(run_page):
    alts = [img["alt"] for img in soup(run_page).select(".output img")]
    said = r"photo, token-norm map\. .*weights: embedded DINO"
    assert any(re.match(said, alt) for alt in alts), alts
    assert not [alt for alt in alts if HANGUL.search(alt)]


def test_a_lesson_that_is_run_prints_and_warns_in_one_language(run_page):
    said = "\n".join(output.text for output in soup(run_page).select(".output"))
    assert "embedded DINO" in said and HANGUL.findall(said) == []
    assert "lessons.language" not in said  # how to switch a notebook


def test_the_explorer_is_a_picture_without_javascript(run_page):
    live = soup(run_page).select_one(".live")
    assert live.noscript.img["alt"]
    assert run_page.stat().st_size < 2_500_000  # 1.5 MB are q, k and tokens of all blocks
