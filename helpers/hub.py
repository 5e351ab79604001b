"""A model's weights file, from this machine's cache or from the hub, without a long wait."""

import hashlib
import queue
import re
import threading
from pathlib import Path

from huggingface_hub import (
    errors,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)

from .language import say

FILE = "model.safetensors"
SECONDS = 3  # to wait for the hub's first answer


class HubError(Exception):
    """The hub gave no usable weights.

    Attributes
    ----------
    why, remedy : tuple of str
        What happened and what to do about it, each (Korean, English).
    """

    def __init__(self, why, remedy=("인터넷에 연결하고", "connect to the internet")):
        super().__init__(why[1])
        self.why, self.remedy = why, remedy

    def __str__(self):
        return say(*self.why, both=" · ".join(self.why))


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
        Found there without any request, or just downloaded (with the hub's own progress bar).

    Raises
    ------
    HubError
        Within about 3 s if the hub cannot be reached or does not answer; after two downloads that
        are not what the hub says they are.
    """
    if file := _cached(repository):
        return file, "cache"
    try:
        told = _ask_first(repository)
        for _ in range(2):
            file = hf_hub_download(repository, FILE)
            if not _differs(file, told.etag):
                return file, "hub"
            forget(file)
    except Exception as error:  # requests, httpx or OSError, as the hub's version will have it
        raise _explained(error) from error
    raise damaged()


def damaged():
    """The error for a download that can't be used."""
    return HubError(("내려받은 파일이 깨졌습니다", "the downloaded file is damaged"))


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
        only_this = _status(error) in (401, 403, 404)
        places.update(dict.fromkeys(lacking[:1] if only_this else lacking, _explained(error)))
    return places


def forget(file):
    """Remove a damaged file from the hub's cache: the bytes behind the cache's link."""
    Path(file).resolve().unlink(missing_ok=True)


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
            answers.put(get_hf_file_metadata(hf_hub_url(repository, FILE), timeout=SECONDS))
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


def _status(error):
    return getattr(getattr(error, "response", None), "status_code", None)


def _explained(error):
    if isinstance(error, errors.OfflineModeIsEnabled):
        return HubError(
            ("허브를 껐습니다(HF_HUB_OFFLINE=1)", "the hub is switched off (HF_HUB_OFFLINE=1)"),
            ("이 설정을 지우고 커널을 새로 시작한 뒤", "remove that setting, restart the kernel"),
        )
    if _status(error) == 404:
        return HubError(
            ("허브에 그 가중치가 없습니다(404)", "the hub has no such weights (404)"),
            ("다른 이름으로", "choose another name"),
        )
    kind = type(error).__name__
    return HubError((f"허브에 연결할 수 없습니다({kind})", f"the hub cannot be reached ({kind})"))
