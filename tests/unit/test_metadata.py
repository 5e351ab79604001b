"""The table of lesson 09's line-up: what timm says of each model."""

import timm

from helpers import models
from topics import metadata, zoo
from topics.zoo import Entry


def test_table_says_what_a_real_model_has():
    entry = Entry("reg", "vit_small_patch14_reg4_dinov2.lvd142m")
    (row,) = metadata.table([entry]).values()
    real = timm.create_model(entry.name, pretrained=False, num_classes=0)
    assert row.parameters == sum(p.numel() for p in real.parameters())
    assert (row.licence, row.pooling) == ("apache-2.0", "token")
    assert (row.input_size, row.patch, row.grid) == ((518, 518), (14, 14), (37, 37))
    assert row.prefix_tokens == real.num_prefix_tokens == 5


def test_table_of_the_whole_line_up():
    rows = metadata.table(zoo.LINE_UP)
    assert list(rows) == [entry.label for entry in zoo.LINE_UP] and len(rows) == 11
    licences = {"-", "mit", "apache-2.0", "dinov3-license", "cc-by-nc-4.0"}
    assert {row.licence for row in rows.values()} == licences
    assert rows["DINOv3 S/16"].pooling == "avg" and rows["DINO S/8"].grid == (28, 28)
    same = rows["supervised S/16"], rows["DINO S/16"]  # the lesson calls them the best pair
    assert len({(r.parameters, r.patch, r.grid, r.prefix_tokens) for r in same}) == 1
    config = [timm.get_pretrained_cfg(row.name) for row in same]  # and see the same photo
    assert len({(c.mean, c.std, c.crop_pct, c.interpolation) for c in config}) == 1
    for entry in (*zoo.LINE_UP, zoo.WITH_OUTLIERS):
        assert "?" not in entry.taught
        assert entry.name == models.EMBEDDED or entry.name in timm.list_pretrained()


def test_describing_a_model_stores_no_numbers(monkeypatch):
    built = []
    real = timm.create_model
    monkeypatch.setattr(
        timm, "create_model", lambda *a, **k: built.append(real(*a, **k)) or built[0]
    )
    metadata.describe(zoo.LINE_UP[5])
    assert {p.device.type for p in built[0].parameters()} == {"meta"}


def test_table_can_be_read_aloud():
    """A caption, a head for each column and each row; every cell of each row is there, escaped."""
    table = metadata.table(zoo.LINE_UP[:2])
    row = table["untrained"]._replace(label="<b>&", licence="<i>")
    page = metadata.Table({row.label: row, **table})._repr_html_()
    assert page.count("<caption>") == 1 and page.count('<th scope="col">') == len(table.HEADS)
    assert page.count('<th scope="row">') == page.count("<tr>") - 1 == 3
    assert page.count("<td>") == 3 * (len(table.HEADS) - 1)
    assert (
        '<th scope="row">&lt;b&gt;&amp;<br><small><code>embedded</code>' in page
        and "<td>&lt;i&gt;</td>" in page
    )
    assert "<b>" not in page and "<i>" not in page
    assert "<td>112&nbsp;÷&nbsp;8<br>=&nbsp;14&nbsp;×&nbsp;14</td>" in page  # breaks there alone
    plain = repr(table).splitlines()
    assert (
        plain[2] == "embedded DINO | embedded | DINO + 여러 가지 · DINO and more | 2.7 | mit"
        " | 112 ÷ 8 = 14 × 14 | 1 | token"
    )
