"""Many photos in, an index of their CLS tokens out; then the photos nearest to a query."""

import hashlib
import heapq
import math
import os
import sqlite3
import sys
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

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

_TABLE = """CREATE TABLE IF NOT EXISTS photos (weights TEXT, path BLOB, size INTEGER, mtime INTEGER,
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
    """CLS tokens of a batch (B, 3, H, W), each of length 1, as (B, D)."""
    return F.normalize(encode(model, tensor).cls_token, dim=-1)


def index_photos(photos, model, batch_size=32, index=None, progress=True):
    """Encode the photos that are not in the index file yet.

    Photos are read ahead, in bounds, and each batch goes to the index file at once: memory does not
    grow with the number of photos, and an interruption costs one batch.

    Parameters
    ----------
    photos : a folder, with its subfolders, or a list of files; PhotoError if it is not there
    model : timm model
    batch_size : int, photos a forward pass
    index : str, Path or None
        The index file, an SQLite database, where a photo is known by path, size, time of change and
        the model's ``fingerprint``. It can be deleted at any time. None keeps it in memory, as does
        a place that cannot be written to, with a notice.

    Returns
    -------
    Index
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
    """The k photos of an index (or fewer) nearest to a query, (D,) or (1, D), as ``Found``."""
    query = F.normalize(query.detach().cpu().float().flatten(), dim=0)
    every = index.db.execute("SELECT path, vector FROM photos WHERE weights = ?", (index.weights,))
    best, rows = [], (row for row in every if row[0] in index.paths)
    while part := [*islice(rows, 1024)]:
        vectors = torch.frombuffer(bytearray().join(v for _, v in part), dtype=torch.float32)
        scores = (vectors.view(len(part), -1) @ query).tolist()
        best = heapq.nlargest(k, best + list(zip(scores, (path for path, _ in part))))
    return [Found(Path(os.fsdecode(path)), score) for score, path in best]


def altered(photo):
    """A near-copy of a photo: without a tenth at the left and top, recoloured, and mirrored."""
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
    if index is not None:
        index = Path(index)
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
    with db:
        db.execute("PRAGMA user_version = 1")  # where nothing can be written, it fails here already
        db.execute(_TABLE)
    return db


def draw_retrieval(query, found, *, weights):
    """The photo that asks, and the ``Found``, the most similar first."""
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
