"""The site's own words, and what it takes from the two READMEs."""

import re

from tools.one_language import README, ROOT

WORDS = {
    "ko": {
        "skip": "본문으로 건너뛰기",
        "site": "사이트",
        "contents": "차례",
        "turn": "앞뒤 수업",
        "previous": "이전 수업",
        "next": "다음 수업",
        "lessons": "수업",
        "minutes": "{}분",
        "run": "직접 실행하기",
        "yourself": "직접 실행하기",
        "how": "여기는 읽는 곳입니다. 코드를 고치고, 슬라이더를 만들고, 내 사진을 넣으려면 "
        "노트북으로 여세요.",
        "readme": "설치하는 법과 브라우저에서 여는 법",
        "glossary": "용어집",
        "terms": "수업에 나오는 용어를 가나다순으로 모아 뜻을 적었습니다. 괄호 안은 처음 나오는 "
        "수업이고, 거기서 용어를 누르면 여기로 옵니다.",
        "licence": "글과 코드는 MIT 라이선스, 사진은 저마다의 라이선스를 따릅니다.",
        "credits": "사진 출처",
        "repository": "저장소",
        "widget": "이 슬라이더나 버튼은 파이썬이 있어야 움직입니다.",
        "result": "결과 보기",
        "still": "노트북에서는 이 그림을 움직일 수 있습니다.",
        "binder": "Binder에서 열기",
        "figure": "{}: 이 코드가 그린 그림 {}",
        "table": "{}: 표 {}",
    },
    "en": {
        "skip": "Skip to the lesson",
        "site": "Site",
        "contents": "Contents",
        "turn": "Lessons before and after",
        "previous": "Previous lesson",
        "next": "Next lesson",
        "lessons": "Lessons",
        "minutes": "{} min",
        "run": "Run it yourself",
        "yourself": "Run it yourself",
        "how": "This is the place to read. To change the code, build sliders and use photos of "
        "your own, open the notebooks.",
        "readme": "How to install them, or open them in the browser",
        "glossary": "Glossary",
        "terms": "The terms of the lessons and what they mean, in alphabetical order. In brackets "
        "is the lesson where a term first comes up; there it is a link to this page.",
        "licence": "Texts and code are under the MIT licence, photos under their own.",
        "credits": "Photo credits",
        "repository": "Repository",
        "widget": "This slider or button needs Python to move.",
        "result": "Show the result",
        "still": "In the notebook you can play with this picture.",
        "binder": "Open in Binder",
        "figure": "{}: picture {} that the code draws",
        "table": "{}: table {}",
    },
}
NAMES = {"ko": "한국어", "en": "English"}


def readme(language):
    """Title, first paragraph, picture and lessons of the README in one language.

    Returns
    -------
    dict
        ``title``, ``intro``, ``alt`` and ``caption`` of the picture, ``file``; ``lessons`` is a
        dict of (what one does, minutes) by the lesson's file name without ending.
    """
    text = (ROOT / README[language]).read_text("utf-8")
    paragraphs = text.split("\n\n")
    at = next(i for i, p in enumerate(paragraphs) if p.startswith("!["))
    rows = re.findall(r"\| \[.*\]\(notebooks/(.*)\.ipynb\) \| (.*) \| (\d+) \|", text)
    return {
        "file": README[language],
        "title": paragraphs[0].removeprefix("# "),
        "intro": " ".join(paragraphs[at - 1].split("\n")),
        "alt": re.match(r"!\[(.*)\]", paragraphs[at])[1],
        "caption": re.sub(r"\s*\([^)]*\)(?=\.?$)", "", paragraphs[at + 1].strip("*")),
        "lessons": {name: (aim, minutes) for name, aim, minutes in rows},
    }
