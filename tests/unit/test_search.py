"""The photo index: what it finds, what it skips, and how far it is."""

import os

import pytest
import torch
from photo_folders import fill, query

from helpers import encoding
from sources.kinds import PhotoError
from topics import search

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


# --- progress ---


def test_progress_bar(folder, tiny, tmp_path, capsys):
    for start in ("  0%", "100%"):
        search.index_photos(folder, tiny, index=tmp_path / "i.sqlite")
        out, err = capsys.readouterr()
        assert start in out and "7/7" in out and not err
