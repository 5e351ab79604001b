"""One Korean term a concept, and no school words, wherever a student or lecturer reads Korean."""

import ast
import re

import nbformat
import pytest

from tools.notebooks import LESSONS, ROOT

# What must not stand (a regular expression), and the house's term for it.
TERMS = {
    "(?<!불)투명도": "불투명도: it is opacity that grows",
    "조각(?!상)": "패치, 크롭 or 연결 성분",
    "네트워크": "신경망, or 인터넷 for the other one",
    "바탕(?!이 된|으로)": "배경",
    "문턱": "누적 비율 임계값",
    "어텐션 가중치": "어텐션 행렬, or 비율",
    "단위 ?행렬": "항등 행렬",
    "몫": "비율",
    "과녁": "목표",
    "끄기 실험": "절제 실험",
    "(?:토큰|벡터)(?:의 길이|[가이] (?:더 |훨씬 |아주 |아직 )?[긴길깁짧])": "벡터의 크기(노름)",
    r"\b재기: |\[재기\]|\d\. 재기": "측정: the noun 재기 is a comeback",
    "예상을 잠|칠하고 잠|다음 잠그": "확정: the button's word",
    "씨앗(?: 셋| 하나로|마다|[(]seed)": "시드; 씨앗 is LOST's",
    "단추": "버튼",
    "선생님|교사 안내서|교사용": "강의자; 교사 is a network",
    "활동지|학습지": "워크시트",
    "낱말 풀이|## 낱말": "용어집, 용어",
    "(?:니까|거든|[이예아어해네])요[.!?)]": "합니다체",
}
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def notebook(path):
    """Korean cells, and headings, which hold both languages."""
    for cell in nbformat.read(path, as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown" and "lang-en" not in tags:
            yield cell.source


def python(path):
    """Every string with Korean in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def page(path):
    yield path.read_text("utf-8")


PLACES = {path: notebook for path in sorted(LESSONS.glob("*.ipynb"))}
PLACES |= {path: page for path in sorted((ROOT / "docs" / "ko").rglob("*.md"))}
PLACES |= {path: page for path in (ROOT / "README.ko.md", ROOT / "docs" / "glossary.md")}
PLACES |= {path: python for path in sorted((ROOT / "classroom").rglob("*.py"))}


def slips(text):
    prose = CODE.sub("", text)
    return [(found[0], term) for bad, term in TERMS.items() for found in re.finditer(bad, prose)]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_one_term_a_concept(path):
    texts = list(PLACES[path](path))
    assert texts
    assert not [slip for text in texts for slip in slips(text)]


@pytest.mark.parametrize(
    "wrong, right",
    [
        ("물체의 투명도", "물체의 불투명도"),
        ("사진의 조각", "조각상 사진"),
        ("바탕을 바꾸어", "수업의 바탕이 된 글"),
        ("이 그림은 토큰의 길이입니다.", "벡터의 크기입니다."),
        ("토큰이 더 긴지", "옆으로 깁니다."),
        ("씨앗(seed)을 바꿉니다.", "[**씨앗**](x)(seed)입니다."),
        ("골랐으니까요.", "보세요. 얼마일까요? 있나요?"),
        ("[08. 재기](x)", "## 정답과 겹쳐 재기"),
    ],
)
def test_a_slip_is_told_from_its_neighbour(wrong, right):
    assert slips(wrong) and not slips(right)
