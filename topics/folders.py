"""Many photos in, batches of tensors out, read ahead by threads."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bilingual import Bilingual, plain
from helpers.images import load_photo, to_tensor
from sources.files import suffixes
from sources.kinds import PhotoError

READERS = min(4, os.cpu_count() or 1)  # threads that decode while the model computes


def photo_files(photos):
    """Find the files of many photos: path → (size in bytes, time of change in ns).

    `photos` is a folder, with its subfolders, hidden ones left out (PhotoError if it is not there),
    or a list of files. Paths are absolute, and bytes, since on Linux a name need not be valid text.
    """
    if isinstance(photos, (str, Path)):
        photos = _walk(photos)
    return {os.fsencode(os.path.abspath(path)): _stamp(path) for path in photos}


def _walk(folder):
    """The paths of all photo files in a folder that are not hidden."""
    folder, known = Path(folder).expanduser(), suffixes()
    if not folder.is_dir():
        name = plain(folder)
        raise PhotoError(f"폴더가 없습니다: {name}", f"No such folder: {name}")
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in known:
                yield os.path.join(here, name)


def _stamp(path):
    try:
        stat = os.stat(path)
        return stat.st_size, stat.st_mtime_ns
    except OSError:  # a link to nothing, for example
        return 0, 0


def batches(paths, model, size):
    """Read and preprocess photos in threads, at most two batches ahead, while the caller computes.

    Yields lists of (path, tensor (1, 3, H, W) or, if the photo is of no use, ``Bilingual`` error).
    """

    def read(path):
        try:
            return to_tensor(load_photo(os.fsdecode(path)), model)[0]
        except Bilingual as error:
            return error

    pool, waiting, paths = ThreadPoolExecutor(READERS), [], iter(paths)
    try:
        while True:
            while len(waiting) < 3 * size and (path := next(paths, None)) is not None:
                waiting.append((path, pool.submit(read, path)))
            if not waiting:
                return
            yield [(path, future.result()) for path, future in waiting[:size]]
            del waiting[:size]
    finally:  # also when the caller stops half-way
        pool.shutdown(cancel_futures=True)
