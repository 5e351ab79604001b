"""The two READMEs say the same, and list every lesson."""

import re

from repository import LESSONS as NOTEBOOKS
from repository import LINK, READMES


def test_readmes_are_twins():
    """Same links (but for those into a README, or to ko/ and en/), same code, same minutes."""
    english, korean = (path.read_text("utf-8") for path in READMES)

    def links(text):
        urls = {re.sub("/(ko|en)/", "/language/", url) for url in LINK.findall(text)}
        return sorted(u for u in urls if not re.match(r"README|#", u))

    def code(text):
        return sorted(re.findall(r"```.*?```|`[^`\n]+`", text, re.S))

    def minutes(text):
        return re.findall(r"^\| (\d\d) \|.*\| (\d+) \|$", text, re.M)

    assert links(english) == links(korean)
    assert code(english) == code(korean)
    assert minutes(english) == minutes(korean) != []


def test_readmes_list_every_lesson():
    """In order, with the minutes that the lesson itself announces."""
    assert len(NOTEBOOKS) >= 4
    announced = [
        (path.name, re.findall(r"about (\d+) minutes|약 (\d+)분", path.read_text("utf-8")))
        for path in NOTEBOOKS
    ]
    lessons = [(name, {"".join(pair) for pair in minutes[:2]}) for name, minutes in announced]
    for readme in READMES:
        row = r"\(notebooks/(\w+\.ipynb)\) \|.*\| (\d+) \|$"
        listed = re.findall(row, readme.read_text("utf-8"), re.M)
        assert [(name, {minutes}) for name, minutes in listed] == lessons
