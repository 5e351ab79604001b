"""The READMEs' table of faults and the tests that make it name each other."""

import re

import pytest

from tools import faults

TESTS = {
    name
    for path in (faults.ROOT / "tests").rglob("test_*.py")
    for name in re.findall(
        r"^def (test_\w+)\([^)]*\bfault\b", path.read_text("utf-8"), re.MULTILINE
    )
}


@pytest.mark.parametrize("language", faults.READMES)
def test_every_row_has_its_test_and_every_test_its_row(language):
    rows = faults.table(faults.READMES[language])
    assert {name.strip("`") for *_, name in rows} == TESTS
    assert len(rows) >= 20 and len({tuple(row) for row in rows}) == len(rows)
    assert all(tried and happened for tried, happened, _ in rows)


def test_both_languages_have_the_same_rows():
    ko, en = (faults.table(readme) for readme in faults.READMES.values())
    assert [name for *_, name in ko] == [name for *_, name in en]
    hangul = re.compile("[가-힣]")
    assert all(hangul.search(happened) for _, happened, _ in ko)
    assert not any(hangul.search(tried + happened) for tried, happened, _ in en)


def test_a_row_that_is_not_there_is_noticed(monkeypatch):
    monkeypatch.delenv(faults.RECORD, raising=False)
    tried, happened, name = zip(*(faults.table(readme)[0] for readme in faults.READMES.values()))
    faults.told(name[0].strip("`"), tried, happened)
    with pytest.raises(AssertionError, match="make faults"):
        faults.told(name[0].strip("`"), tried, (happened[0], happened[1] + "!"))


def test_a_table_is_written_and_read(monkeypatch, tmp_path):
    readmes = {"ko": tmp_path / "ko.md", "en": tmp_path / "en.md"}
    for readme in readmes.values():
        readme.write_text(f"before\n\n{faults.START}\nold\n{faults.END}\nafter\n")
    monkeypatch.setattr(faults, "READMES", readmes)
    (tmp_path / "rows").mkdir()
    monkeypatch.setenv(faults.RECORD, str(tmp_path / "rows"))
    for name in ("test_a", "test_b", "test_a"):
        faults.told(name, ("가 | 나", "a | b"), ("다", "c"))
    assert faults.write(tmp_path / "rows") == 2
    assert faults.table(readmes["en"]) == [
        [r"a \| b", "c", "`test_a`"],
        [r"a \| b", "c", "`test_b`"],
    ]
    text = readmes["ko"].read_text("utf-8")
    assert text.startswith("before\n\n") and text.endswith("\nafter\n") and "old" not in text
    monkeypatch.delenv(faults.RECORD)
    faults.told("test_b", ("가 | 나", "a | b"), ("다", "c"))
