"""Photos of a folder are read ahead in batches, and not too far."""

import os
import threading

import torch
from photo_folders import fill

from helpers import images
from topics import folders


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
