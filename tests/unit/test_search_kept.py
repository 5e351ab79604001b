"""The photo index: what it keeps, for which weights, and what a broken or locked file does."""

import os
import sqlite3
import threading

import pytest
import timm
import torch
from photo_folders import fill, query
from PIL import Image

from topics import search


def test_second_time_nothing_is_encoded(index, folder, monkeypatch):
    first = search.nearest(index(folder), torch.ones(192), k=7)
    monkeypatch.setattr(search, "describe", None)  # would fail
    again = index(folder)
    assert (again.photos, again.encoded) == (7, 0)
    assert search.nearest(again, torch.ones(192), k=7) == first


def test_changed_and_new_and_removed_files(index, folder, tiny):
    index(folder)
    paths = sorted(folder.iterdir())
    paths[0].write_bytes(paths[1].read_bytes())
    stat = paths[2].stat()
    Image.open(paths[3]).save(paths[2], quality=30)
    os.utime(paths[2], ns=(stat.st_atime_ns, stat.st_mtime_ns))  # same time, other size
    os.utime(paths[4], ns=(0, 0))  # same size, other time
    paths[5].unlink()
    fill(folder / "new", 1, seed=9)
    found = index(folder)
    assert (found.photos, found.encoded) == (7, 4)
    names = [one.path for one in search.nearest(found, query(paths[1], tiny), k=9)]
    assert set(names[:2]) == {paths[0], paths[1]} and paths[5] not in names


def test_other_weights_are_another_index(index, folder, tiny):
    index(folder)
    other = timm.create_model(
        "vit_tiny_patch16_224", img_size=32, depth=2, num_classes=0, dynamic_img_size=True
    ).eval()
    assert index(folder, other).encoded == 7
    assert index(folder).encoded == 0 and index(folder, other).encoded == 0
    a, b = (search.nearest(index(folder, m), torch.ones(192)) for m in (tiny, other))
    assert [one.score for one in a] != [one.score for one in b]


def test_fingerprint(tiny):
    known = search.fingerprint(tiny)
    assert search.fingerprint(tiny) == known
    weight = next(reversed(tiny.state_dict().values()))
    kept = weight.clone()
    weight.view(-1)[-1] += 1e-3
    assert search.fingerprint(tiny) != known
    weight.copy_(kept)
    assert search.fingerprint(tiny) == known
    config = tiny.pretrained_cfg
    tiny.pretrained_cfg = {**config, "crop_pct": 1.0}
    assert search.fingerprint(tiny) != known
    tiny.pretrained_cfg = config


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interruption_costs_one_batch(index, folder, monkeypatch, error):
    calls, describe = [], search.describe

    def breaks(model, tensor):
        calls.append(len(tensor))
        if len(calls) == 3:
            raise error
        return describe(model, tensor)

    monkeypatch.setattr(search, "describe", breaks)
    with pytest.raises(error):
        index(folder)
    assert not [t for t in threading.enumerate() if t.name.startswith("ThreadPool")]
    monkeypatch.setattr(search, "describe", describe)
    rest = index(folder)
    assert (rest.photos, rest.encoded) == (7, 1)  # 3 + 3 were kept


def test_killed_while_writing(index, folder, tmp_path):
    """A batch goes in whole or not at all: half a transaction is rolled back at the next start."""
    index(folder)
    db = sqlite3.connect(tmp_path / "out" / "i.sqlite")
    db.execute("DELETE FROM photos")
    db.close()  # without commit, as when the process dies
    assert index(folder).encoded == 0


def test_damaged_index_is_set_aside(index, folder, tmp_path):
    index(folder)
    file = tmp_path / "out" / "i.sqlite"
    file.write_bytes(b"not a database, " * 1000)
    assert index(folder).encoded == 7 and index(folder).encoded == 0
    assert (tmp_path / "out" / "i.sqlite.damaged").read_bytes().startswith(b"not a database")


def test_unwritable_place_keeps_it_in_memory(index, folder, tmp_path, capsys):
    (tmp_path / "file").write_text("a file, no folder")
    found = index(folder, file=tmp_path / "file" / "i.sqlite")
    assert (found.photos, found.encoded) == (7, 7)
    assert len(search.nearest(found, torch.ones(192), k=3)) == 3
    ko, en = capsys.readouterr().out.strip().splitlines()
    assert ko.startswith("색인 파일을 쓸 수 없어") and en.startswith("The index file cannot")


def test_read_only_index_keeps_it_in_memory(index, folder, capsys, monkeypatch):
    """As in a checkout that belongs to someone else; the file is there, with its table."""
    index(folder)
    connect = sqlite3.connect

    def read_only(file):
        return connect(file if file == ":memory:" else f"{file.as_uri()}?mode=ro", uri=True)

    monkeypatch.setattr(search.sqlite3, "connect", read_only)
    assert index(folder).encoded == 7
    assert "readonly" in capsys.readouterr().out


def test_locked_index_keeps_it_in_memory(index, folder, tmp_path, capsys, monkeypatch):
    index(folder)
    connect = sqlite3.connect
    monkeypatch.setattr(search.sqlite3, "connect", lambda file: connect(file, timeout=0.1))
    other = connect(tmp_path / "out" / "i.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert index(folder).encoded == 7
    assert "locked" in capsys.readouterr().out
    other.close()
    assert index(folder).encoded == 0


def test_memory_index_leaves_no_file(index, folder, tmp_path):
    assert index(folder, file=None).encoded == 7
    assert not (tmp_path / "out").exists()
