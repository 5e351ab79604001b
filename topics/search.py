"""Many photos in, an index of their CLS tokens out; then the photos nearest to a query."""

import hashlib
import heapq
import math
import os
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import ImageOps
from timm.data import resolve_model_data_config
from tqdm import tqdm

from bilingual import plain, say, tell
from helpers.encoding import encode
from helpers.images import load_photo
from helpers.plots import compare
from topics.folders import batches, photo_files
from topics.patches import recolour

# The first line writes, so where nothing can be written it fails at once.
_TABLE = """PRAGMA user_version = 1;
CREATE TABLE IF NOT EXISTS photos (weights TEXT, path BLOB, size INTEGER, mtime INTEGER,
vector BLOB, PRIMARY KEY (weights, path)) WITHOUT ROWID"""


class Found(NamedTuple):
    """A photo, and its cosine similarity to the query."""

    path: Path
    score: float


@dataclass
class Index:
    """Photos as one model sees them; made by ``index_photos``."""

    photos: int  # that can be found
    encoded: int  # of them, not in the index file before
    skipped: list  # of str: what was wrong with each file that could not be read
    paths: set = field(repr=False)  # theirs: the file may hold other folders, and photos long gone
    weights: str = field(repr=False)
    db: sqlite3.Connection = field(repr=False)

    def __del__(self):
        self.db.close()


def describe(model, tensor):
    """CLS tokens of some pictures, each of length 1: products of them are cosines.

    Caron et al. 2021 (arXiv:2104.14294), section 4.2.1, retrieve images by frozen features.

    Parameters
    ----------
    model : timm model
    tensor : torch.Tensor (B, 3, H, W)

    Returns
    -------
    torch.Tensor (B, D), float32 on the CPU

    Raises
    ------
    BadInput
        As ``encoding.encode``.
    """
    return F.normalize(encode(model, tensor).cls_token, dim=-1)


def index_photos(photos, model, batch_size=32, index=None, progress=True):
    """Encode the photos that are not in the index file yet.

    Photos are read ahead, in bounds, and each batch goes to the index file at once: memory does not
    grow with the number of photos, and an interruption costs one batch.

    Parameters
    ----------
    photos : a folder, with its subfolders, or a list of files
    model : timm model
    batch_size : int, photos a forward pass
    index : str, Path or None
        The index file, an SQLite database, where a photo is known by path, size, time of change and
        the model's ``fingerprint``. It can be deleted at any time. None keeps it in memory, as does
        a place that cannot be written to, with a notice.
    progress : bool, whether to show a bar

    Returns
    -------
    Index; a file that cannot be read is no error but one of its ``skipped``

    Raises
    ------
    PhotoError
        The folder is not there.
    """
    files = photo_files(photos)
    weights, db, skipped = fingerprint(model), _open(index), []
    stamp = "SELECT size, mtime FROM photos WHERE weights = ? AND path = ?"
    known = {path for path in files if db.execute(stamp, (weights, path)).fetchone() == files[path]}
    found, todo = set(known), sorted(files.keys() - known)
    about = {"desc": say("사진", "photos"), "total": len(files), "initial": len(known)}
    with tqdm(**about, disable=not progress, file=sys.stdout) as bar:  # stderr is painted red
        for batch in batches(todo, model, batch_size):
            good = {path: read for path, read in batch if isinstance(read, torch.Tensor)}
            skipped += [str(read) for path, read in batch if path not in good]
            if good:
                vectors = describe(model, torch.cat([*good.values()])).float().cpu().numpy()
                rows = [(weights, p, *files[p], v.tobytes()) for p, v in zip(good, vectors)]
                with db:  # one transaction: all of the batch or nothing
                    db.executemany("INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?, ?)", rows)
            found |= good.keys()
            bar.update(len(batch))
    return Index(len(found), len(found - known), skipped, found, weights, db)


def nearest(index, query, k=5):
    """The photos of an index nearest to a query by cosine similarity.

    Photos are compared one by one, so memory does not grow with the index.

    Parameters
    ----------
    index : Index
    query : torch.Tensor (D,) or (1, D), of any length, see ``describe``
    k : int, how many; the index may hold fewer

    Returns
    -------
    list of Found, the most similar first
    """
    query = F.normalize(query.detach().cpu().float().flatten(), dim=0).numpy()
    every = index.db.execute("SELECT path, vector FROM photos WHERE weights = ?", (index.weights,))
    known = ((float(np.frombuffer(v, "f4") @ query), p) for p, v in every if p in index.paths)
    return [Found(Path(os.fsdecode(p)), score) for score, p in heapq.nlargest(k, known)]


def altered(photo):
    """A near-copy of a photo: without a tenth at the left and top, recoloured, and mirrored.

    Parameters
    ----------
    photo : what ``images.load_photo`` reads; else PhotoError

    Returns
    -------
    PIL.Image.Image, RGB, see ``patches.recolour``
    """
    photo = load_photo(photo, max_side=None)
    width, height = photo.size
    return ImageOps.mirror(recolour(photo.crop((width // 10, height // 10, width, height))))


def fingerprint(model):
    """A text that changes with any weight of a model and with how it wants its photos."""
    digest = hashlib.sha256(repr(sorted(resolve_model_data_config(model).items())).encode())
    for name, weight in model.state_dict().items():
        digest.update(name.encode())
        digest.update(weight.detach().cpu().flatten().contiguous().view(torch.uint8).numpy())
    return digest.hexdigest()


def _open(index):
    """The index file, ready to be written to; a damaged one is set aside and begun anew."""
    index = Path(index or ":memory:")  # SQLite's own name for none
    try:
        index.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(index)
        except sqlite3.OperationalError:  # locked, read-only, no room
            raise
        except sqlite3.DatabaseError:  # not a database
            os.replace(index, f"{index}.damaged")
            return _connect(index)
    except (OSError, sqlite3.Error) as error:
        tell(
            f"색인 파일을 쓸 수 없어 이번에만 기억합니다: {index} ({error})",
            f"The index file cannot be written, so it is kept in memory: {index} ({error})",
        )
        return _connect(":memory:")


def _connect(index):
    db = sqlite3.connect(index)
    db.executescript(_TABLE)
    return db


def draw_retrieval(query, found, *, weights):
    """The photo that asks, and what was found, the most similar first.

    Parameters
    ----------
    query : what ``images.load_photo`` reads
    found : list of Found, from ``nearest``
    weights : timm model or str, named at the foot

    Returns
    -------
    Figure

    Raises
    ------
    PhotoError
        A photo that was found is no longer there.
    """
    photos = {f"{say('질의', 'query')}\n": load_photo(query)}
    for i, one in enumerate(found, start=1):
        title = f"{i}: {one.score:.2f}\n{plain(one.path.name)[:16]}"
        photos[title] = load_photo(one.path, max_side=240)
    squares = {t: ImageOps.pad(photo, (240, 240), color="white") for t, photo in photos.items()}
    extra = 0.3 * math.ceil(len(squares) / 6)
    fig = compare(squares, weights=weights, most=6, extra=extra)
    for ax in fig.axes:
        ax.title.set_size(8)
    return fig
