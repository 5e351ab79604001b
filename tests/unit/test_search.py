"""The photo index: what it finds, what it keeps, what it skips, and that it can be interrupted."""

import os
import sqlite3
import threading

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from helpers import encoding, images
from sources.kinds import PhotoError
from topics import folders, search


@pytest.fixture(scope="module")
def tiny():
    """A very small ViT with random weights."""
    torch.manual_seed(0)
    model = timm.create_model(
        "vit_tiny_patch16_224", img_size=32, depth=2, num_classes=0, dynamic_img_size=True
    )
    return model.eval().requires_grad_(False)


def fill(folder, count, seed=0):
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True, parents=True)
    for i in range(count):
        small = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        Image.fromarray(small).resize((50, 40)).save(folder / f"{i:03}.jpg")
    return sorted(folder.iterdir())


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path / "사진 photos", 7)
    return tmp_path / "사진 photos"


@pytest.fixture
def index(tmp_path, tiny):
    """Call ``index_photos`` with a small batch and an index file of this test."""

    def run(photos, model=tiny, file=tmp_path / "out" / "i.sqlite", **kwargs):
        return search.index_photos(
            photos, model, batch_size=3, index=file, progress=False, **kwargs
        )

    return run


def query(path, model):
    return search.describe(model, images.to_tensor(images.load_photo(path), model)[0])


# --- finding ---


def test_describe_is_the_cls_token_at_length_one(tiny):
    tensor = torch.randn(2, 3, 32, 32)
    cls = encoding.encode(tiny, tensor).cls_token
    described = search.describe(tiny, tensor)
    assert torch.allclose(described.norm(dim=-1), torch.ones(2), atol=1e-6)
    assert torch.allclose(described * cls.norm(dim=-1, keepdim=True), cls, atol=1e-5)


def test_nearest_equals_plain_torch(index, folder, tiny):
    paths = sorted(folder.iterdir())
    found = index(folder)
    assert (found.photos, found.encoded, found.skipped) == (7, 7, [])
    vectors = torch.cat([query(path, tiny) for path in paths])
    for i, path in enumerate(paths):
        scores, order = (vectors @ vectors[i]).sort(descending=True)
        best = search.nearest(found, vectors[i] * 5, k=4)
        assert [one.path for one in best] == [paths[j] for j in order[:4]]
        assert [one.score for one in best] == pytest.approx(scores[:4].tolist(), abs=1e-5)
        assert best[0].path == path
    assert len(search.nearest(found, vectors[0], k=99)) == 7


def test_a_list_of_files_is_searched_alone(index, folder, tiny):
    index(folder)
    paths = sorted(folder.iterdir())[:2]
    some = index(paths)
    assert (some.photos, some.encoded) == (2, 0)
    best = search.nearest(some, query(sorted(folder.iterdir())[5], tiny), k=9)
    assert {one.path for one in best} == set(paths)


def test_subfolders_but_no_hidden_or_other_files(index, folder):
    fill(folder / "sub" / "deep", 2, seed=1)
    fill(folder / ".ipynb_checkpoints", 2, seed=2)
    (folder / "notes.txt").write_text("no photo")
    (folder / "000.jpg").rename(folder / "UPPER.JPG")
    (folder / "001.jpg").rename(folder / ".hidden.jpg")
    found = index(folder)
    assert (found.photos, found.skipped) == (8, [])


# --- keeping ---


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


# --- skipping ---


def test_broken_files_are_reported_and_skipped(index, folder):
    paths = sorted(folder.iterdir())
    paths[0].write_text("no photo")
    paths[2].write_bytes(paths[2].read_bytes()[:300])
    (folder / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    for encoded in (5, 0):  # reported each time
        found = index(folder)
        assert (found.photos, found.encoded, len(found.skipped)) == (5, encoded, 4)
        for name in ("000.jpg", "002.jpg", "phone.heic", "gone.png"):
            (said,) = [message for message in found.skipped if name in message]
            assert len(said.splitlines()) == 2
    assert len(search.nearest(found, torch.ones(192), k=9)) == 5


def test_a_photo_that_breaks_later_is_no_longer_found(index, folder):
    index(folder)
    path = sorted(folder.iterdir())[3]
    path.write_text("no photo")
    found = index(folder)
    assert (found.photos, len(found.skipped)) == (6, 1)
    assert path not in [one.path for one in search.nearest(found, torch.ones(192), k=9)]


def test_only_broken_files_and_none_at_all(index, tmp_path):
    (tmp_path / "a.jpg").write_text("no photo")
    found = index([tmp_path / "a.jpg"])
    assert (found.photos, found.encoded, len(found.skipped)) == (0, 0, 1)
    assert search.nearest(found, torch.ones(192)) == []
    assert index([]).photos == 0


def test_no_such_folder(index, tmp_path):
    with pytest.raises(PhotoError, match="폴더가 없습니다.*\nNo such folder"):
        index(tmp_path / "nowhere")


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
def test_names_that_are_no_text(index, folder):
    os.rename(os.fsencode(folder / "000.jpg"), os.fsencode(folder) + b"/\xff\xfe.jpg")
    try:
        found = index(folder)
    finally:
        odd = [one.path for one in search.nearest(found, torch.ones(192), k=9)]
        os.unlink(os.fsencode(folder) + b"/\xff\xfe.jpg")
    assert found.photos == 7 and any(os.fsencode(p).endswith(b"\xff\xfe.jpg") for p in odd)


# --- reading ahead ---


def test_batches_are_what_to_tensor_gives(folder, embedded):
    files = list(folders.photo_files(folder))
    batches = list(folders.batches(files, embedded, 3))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert [path for batch in batches for path, _ in batch] == files
    for path, tensor in sum(batches, []):
        photo = images.load_photo(os.fsdecode(path))
        assert torch.equal(tensor, images.to_tensor(photo, embedded)[0])


def test_reading_overlaps_but_is_bounded(folder, tiny, monkeypatch):
    """While one batch is in use the next two are read, and no more."""
    fill(folder, 20)
    files, read, enough = list(folders.photo_files(folder)), [], threading.Event()
    load = folders.load_photo

    def counted(path):
        photo = load(path)
        read.append(path)
        if len(read) >= 9:
            enough.set()
        return photo

    monkeypatch.setattr(folders, "load_photo", counted)
    batches = folders.batches(files, tiny, 3)
    next(batches)
    assert enough.wait(10)  # read while the caller has the first batch
    assert not threading.Event().wait(0.2) and len(read) == 9
    batches.close()
    assert len(read) == 9


def test_progress_bar(folder, tiny, tmp_path, capsys):
    for start in ("  0%", "100%"):
        search.index_photos(folder, tiny, index=tmp_path / "i.sqlite")
        out, err = capsys.readouterr()
        assert start in out and "7/7" in out and not err
