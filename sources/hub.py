"""A model's weights file, from this machine's cache or from the hub, without a long wait."""

import hashlib
import queue
import re
import threading
from pathlib import Path

from huggingface_hub import (
    get_hf_file_metadata,
    hf_hub_url,
    try_to_load_from_cache,
)

from sources import download
from sources.faults import HubError, damaged, explain, facts, patiently

FILE = "model.safetensors"
SECONDS = 3  # to wait for the hub's first answer
STOPPED = HubError(
    ("불러오기를 중단했습니다", "you interrupted the loading"), ("중단하지 말고", "give it time")
)


def weights_file(repository):
    """Find the weights of a model.

    Parameters
    ----------
    repository : str
        The hub's name of it, for example "timm/vit_base_patch16_224.dino".

    Returns
    -------
    file : str
        Path of a safetensors file in the hub's cache.
    source : {"cache", "hub"}
        Found there without any request, or just downloaded (with a progress bar).

    Raises
    ------
    HubError
        Within about 3 s if the hub cannot be reached or does not answer; 25 s after the last byte
        of a download that stops; after two downloads that are not what the hub says they are.
    KeyboardInterrupt
        The learner stopped the download; nothing of it is kept.
    """
    try:
        if file := _cached(repository):
            # Another program may have put it there, and none of them looks at what came.
            if not _differs(file, Path(file).resolve().name):
                return file, "cache"
            forget(file)
        told = _ask_first(repository)
        for _ in range(2):
            file = download.fetch(repository, FILE, told.size)
            if not _differs(file, told.etag):
                return file, "hub"
            forget(file)
    except HubError:
        raise
    except Exception as error:  # requests, httpx or OSError, as the hub's version will have it
        raise explain(**facts(error)) from error
    raise damaged()


def whereabouts(repositories):
    """Say of several models where their weights can be had, with one request for all of them.

    Parameters
    ----------
    repositories : iterable of str
        Names as for ``weights_file``.

    Returns
    -------
    dict
        For each: "cache", "hub", or the ``HubError`` that says why not. "hub" is a promise of the
        hub's, not of the file: only the first model that the cache lacks was asked for.
    """
    places = {name: "cache" if _cached(name) else "hub" for name in repositories}
    lacking = [name for name, place in places.items() if place == "hub"]
    try:
        if lacking:
            _ask_first(lacking[0])
    except Exception as error:
        # A hub that refuses one model is there, and may well have the others.
        only_this = facts(error)["status"] in (401, 403, 404)
        places.update(dict.fromkeys(lacking[:1] if only_this else lacking, explain(**facts(error))))
    return places


def forget(file):
    """Remove a damaged file from the hub's cache: the bytes behind the cache's link."""
    try:
        Path(file).resolve().unlink(missing_ok=True)
    except OSError as error:  # a cache that only an administrator may write
        raise explain(**facts(error)) from error


def _differs(file, etag):
    """Whether a file is not the one that the hub told of.

    The hub names large files by their SHA-256; of any other name nothing can be said here, and a
    damaged file shows when it is loaded.
    """
    if not re.fullmatch("[0-9a-f]{64}", etag or ""):
        return False
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() != etag


def _cached(repository):
    """Path of the weights in the cache, else None (the hub's "known to be missing" included)."""
    file = try_to_load_from_cache(repository, FILE)
    return file if isinstance(file, str) else None


def _ask_first(repository):
    """The hub's metadata of the file, by one short request.

    The hub's own retries would take 47 s to find that nobody answers. It runs in a thread, because
    its timeout bounds neither the look-up of the host's name nor the time to try several addresses
    in a row.
    """
    answers = queue.SimpleQueue()

    def ask():
        try:
            url = hf_hub_url(repository, FILE)
            answers.put(patiently(lambda: get_hf_file_metadata(url, timeout=SECONDS), (0.5,)))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=SECONDS)
    except queue.Empty:
        answer = TimeoutError(f"no answer in {SECONDS} s")
    if isinstance(answer, Exception):
        raise answer
    return answer
