"""A model's weights file, from this machine's cache or from the hub, without a long wait."""

import contextlib
import hashlib
import os
import re
import threading
import time
from pathlib import Path

import huggingface_hub as client
from huggingface_hub import constants
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import FileMetadataError, hf_raise_for_status, logging

from bilingual import tell
from sources.faults import damaged, explain, status
from sources.web import within

FILE = "model.safetensors"
SECONDS = 3  # to wait for the hub's first answer
QUIET = 5  # seconds without a byte, until the client connects anew; it does so five times
CHUNK = 64 * 1024  # bytes; of the client's own 10 MB, all would be lost each time a line is cut
_one_at_a_time = threading.Lock()


def weights_file(repository):
    """Find the weights of a model by the hub's name of it, as "timm/vit_base_patch16_224.dino".

    Returns
    -------
    file : str, path of a safetensors file in the hub's cache
    source : {"cache", "hub"}
        Found there without any request, or just downloaded (with a progress bar).

    Raises
    ------
    HubError
        Within about 3 s if the hub cannot be reached or does not answer; within a minute after the
        last byte of a download that stops; after two that are not what the hub says they are.
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
            file = _download(repository, told.size)
            if not _differs(file, told.etag):
                return file, "hub"
            forget(file)
    except Exception as error:  # httpx or OSError, as the client's version will have it
        raise explain(error) from error
    raise damaged()


def whereabouts(repositories):
    """Where each model's weights can be had: "cache", "hub", or the ``HubError`` that says why not.

    "hub" is a promise: only for the first model that the cache lacks was it asked, and once.
    """
    places = {name: "cache" if _cached(name) else "hub" for name in repositories}
    lacking = [name for name, place in places.items() if place == "hub"]
    try:
        if lacking:
            _ask_first(lacking[0])
    except Exception as error:
        # A hub that refuses one model is there, and may well have the others.
        only_this = status(error) in (401, 403, 404)
        places.update(dict.fromkeys(lacking[:1] if only_this else lacking, explain(error)))
    return places


def forget(file):
    """Remove a damaged file from the hub's cache: the bytes behind the cache's link."""
    try:
        Path(file).resolve().unlink(missing_ok=True)
    except OSError as error:  # a cache that only an administrator may write
        raise explain(error) from error


def _differs(file, etag):
    """Whether a file has another SHA-256 than the hub's name for it, if that name is a SHA-256."""
    if not re.fullmatch("[0-9a-f]{64}", etag or ""):
        return False  # a damaged file shows when it is loaded
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() != etag


def _cached(repository):
    """Path of the weights in the cache, else None."""
    # Not by the client: a cache that was copied may lack its note which revision is "main".
    folder = repo_folder_name(repo_id=repository, repo_type="model")
    kept = Path(constants.HF_HUB_CACHE, folder, "snapshots").glob(f"*/{FILE}")
    return max((str(file) for file in kept if file.is_file()), key=os.path.getmtime, default=None)


def _ask_first(repository):
    """The hub's metadata of the file, by one short request; the client's own tries take 47 s."""

    def ask():
        url = client.hf_hub_url(repository, FILE)
        return _patiently((0.5,), client.get_hf_file_metadata, url, timeout=SECONDS)

    try:
        answer = within(SECONDS, ask)
    except Exception as error:
        if "Timeout" in type(error).__name__:  # the same, whichever clock was first
            raise TimeoutError from error
        raise
    if not (answer.commit_hash and answer.etag):
        raise FileMetadataError("not the hub's answer")
    return answer


def _download(repository, size):
    what = f"{repository} ({size / 1e6:.0f} MB)" if size else repository
    tell(
        f"내려받는 중: {what}. 커널을 중단하면(■) 내장 DINO로 계속합니다.",
        f"Downloading: {what}. Interrupt the kernel (■) to go on with the embedded DINO.",
    )
    with _one_at_a_time, _impatient():
        return _patiently((1, 2), client.hf_hub_download, repository, FILE, etag_timeout=SECONDS)


def _patiently(waits, call, *args, **kwargs):
    """What a call returns; after a 5xx, which the client takes for an answer, it is made again."""
    for wait in waits:
        try:
            return call(*args, **kwargs)
        except Exception as error:
            if (status(error) or 0) < 500:
                raise
            time.sleep(wait)
    return call(*args, **kwargs)


@contextlib.contextmanager
def _impatient():
    """Have the hub's client give up within a minute; left alone, it takes ten."""

    def in_time(request):  # it waits for 10 s, and for 60 s where it asks anew
        seconds = float(os.environ.get("HF_HUB_DOWNLOAD_TIMEOUT") or QUIET)
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), seconds)

    def at_once(response):  # it sleeps for as long as the hub asks, five times
        if response.status_code == 429:
            hf_raise_for_status(response)

    hooks = client.get_session().event_hooks
    usual = logging.get_verbosity(), constants.DOWNLOAD_CHUNK_SIZE, constants.HF_HUB_DISABLE_XET
    hooks["request"].append(in_time)
    hooks["response"].append(at_once)
    # Not by way of Xet: the plain way names files by SHA-256 and goes on where it was cut.
    constants.DOWNLOAD_CHUNK_SIZE, constants.HF_HUB_DISABLE_XET = CHUNK, True
    logging.set_verbosity_error()  # or each new try would be told in red
    try:
        yield
    finally:
        logging.set_verbosity(usual[0])
        constants.DOWNLOAD_CHUNK_SIZE, constants.HF_HUB_DISABLE_XET = usual[1:]
        hooks["request"].remove(in_time)
        hooks["response"].remove(at_once)
