"""Many photos in, batches of tensors out, read ahead by threads."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from timm.data import create_transform, resolve_model_data_config

from bilingual import plain
from helpers.images import PhotoError, load_photo

# HEIC is here so that it is reported: Pillow cannot read it, and phones are full of it.
SUFFIXES = set(".jpg .jpeg .png .webp .gif .bmp .tif .tiff .ppm .avif .heic .heif".split())
READERS = min(4, os.cpu_count() or 1)  # threads that decode while the model computes


def photo_files(photos):
    """Find the files of many photos, and what tells whether a file has changed.

    Parameters
    ----------
    photos : str, Path or list of them
        A folder, of which all photo files are taken and those of its subfolders, hidden ones left
        out, or the files themselves.

    Returns
    -------
    dict
        Path → (size in bytes, time of change in ns); (0, 0) if the file cannot be looked at. Paths
        are absolute, and bytes, since on Linux a name need not be valid text.

    Raises
    ------
    PhotoError
        No such folder.
    """
    if isinstance(photos, (str, Path)):
        folder = Path(photos).expanduser()
        if not folder.is_dir():
            name = plain(folder)
            raise PhotoError(f"폴더가 없습니다: {name}", f"No such folder: {name}")
        photos = _walk(folder)
    return {os.fsencode(os.path.abspath(path)): _stamp(path) for path in photos}


def _walk(folder):
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith("."):
                yield os.path.join(here, name)


def _stamp(path):
    try:
        stat = os.stat(path)
    except OSError:  # a link to nothing, for example
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


def batches(paths, model, size):
    """Read and preprocess photos in threads while the caller computes.

    At most two batches are read ahead, so memory does not depend on how many photos there are.

    Parameters
    ----------
    paths : iterable of bytes
    model : timm model
        Photos are prepared as it wants them, as in ``images.to_tensor``.
    size : int
        Photos a batch; the last one may have fewer.

    Yields
    ------
    list of tuple
        (path, tensor (1, 3, H, W)) or, if the photo cannot be read, (path, PhotoError).
    """
    transform = create_transform(**resolve_model_data_config(model), is_training=False)

    def read(path):
        try:
            return transform(load_photo(os.fsdecode(path))).unsqueeze(0)
        except PhotoError as error:
            return error

    pool, waiting, paths = ThreadPoolExecutor(READERS), deque(), iter(paths)
    try:
        while True:
            while len(waiting) < 3 * size and (path := next(paths, None)) is not None:
                waiting.append((path, pool.submit(read, path)))
            if not waiting:
                return
            batch = [waiting.popleft() for _ in range(min(size, len(waiting)))]
            yield [(path, future.result()) for path, future in batch]
    finally:  # also when the caller stops half-way
        pool.shutdown(cancel_futures=True)
