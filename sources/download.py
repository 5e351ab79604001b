"""One file from the hub, watched: the hub's own client in a process that can be stopped.

In this process nobody could stop it: huggingface_hub repeats failed requests for minutes, sleeps as
long as the hub asks (429), and waits without end for another process that downloads the same file.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from huggingface_hub import constants, hf_hub_download
from huggingface_hub.utils import disable_progress_bars

from bilingual import tell
from sources.faults import HubError, explain, facts, patiently

QUIET = 8  # seconds without a byte until a notice
# And until the end: each try of the client's lasts ``QUIET`` seconds, so that it has connected anew
# twice by then. Most lines that only stuttered are back at the first.
GIVE_UP = 25
SLOW = 600  # seconds a download may take without a word about it
CHUNK = 16 * 1024  # bytes; the client's own 10 MB would hide all progress on a slow line

ROOT = Path(__file__).resolve().parents[1]
CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from sources import download; download.main()"


def fetch(repository, file, size=None):
    """Download a file into the hub's cache, with a progress bar.

    Parameters
    ----------
    repository, file : str
        As ``huggingface_hub.hf_hub_download`` has them.
    size : int, optional
        Bytes to come, for the progress bar and the time it will take.

    Returns
    -------
    str
        Path of the file in the cache.

    Raises
    ------
    HubError
        What the client met, or that nothing came for ``GIVE_UP`` seconds.
    KeyboardInterrupt
        The learner stopped it; the process is gone and nothing half-finished is in use.
    """
    from tqdm.auto import tqdm  # a widget in a notebook: only where there is something to show

    environment = {
        "HF_ENDPOINT": constants.ENDPOINT,
        "HF_HUB_CACHE": str(constants.HF_HUB_CACHE),
        "HF_HUB_DISABLE_XET": "1",  # the plain way, which names files by SHA-256 and can be resumed
        "HF_HUB_DOWNLOAD_TIMEOUT": str(QUIET),
    }
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(ROOT), repository, file],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,  # closed when this process ends, however it ends
            stdout=out,
            stderr=log,
        )
        folder = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}" / "blobs"
        try:
            with tqdm(total=size, unit="B", unit_scale=True, desc=repository) as bar:
                in_time = _watch(process, folder, bar)
        finally:
            _stop(process)
        lines, log = (_text(stream) for stream in (out, log))
    if in_time and lines:
        answer = json.loads(lines.splitlines()[-1])
        if found := answer.get("file"):
            return found
        raise explain(**answer)
    if refusals := re.findall(r"HTTP Error (\d{3})", log):
        waits = re.findall(r"Waiting (\d+)", log)  # as the hub asked; the client was still asleep
        retry = waits[-1] if waits else None
        raise explain("HfHubHTTPError", status=int(refusals[-1]), retry=retry)
    raise HubError(
        ("내려받기가 멈추었습니다", "the download stopped moving"),
        ("인터넷 연결을 확인하고", "check the connection"),
    )


def main():
    """The other process: download, and print where the file is or what went wrong."""
    _, _, repository, file = sys.argv
    # An interrupt reaches every process of a terminal; what it means, the first one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    disable_progress_bars()
    try:
        # The client asks again after a cut or a 429, but not after a 503.
        answer = {"file": patiently(lambda: hf_hub_download(repository, file), (1, 2))}
    except Exception as error:
        answer = facts(error)
    print(json.dumps(answer))


def _end(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would disturb the tidying up
    sys.exit(1)  # so that the client removes its part file


def _end_with_parent():
    sys.stdin.buffer.read()
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
    else:
        os._exit(1)


def _watch(process, folder, bar):
    """Follow the part files grow; False if they did not for ``GIVE_UP`` seconds.

    Any process's part file counts: while another one downloads the same file, ours waits for it.
    """
    last, start, told_quiet, told_slow = _bytes(folder), None, False, False
    moved = time.monotonic()
    while True:
        try:
            process.wait(timeout=0.1)
            return True
        except subprocess.TimeoutExpired:
            pass
        now, here = time.monotonic(), _bytes(folder)
        if here != last:
            start = start or now
            bar.update(max(0, here - last))
            last, moved, told_quiet = here, now, False
        elif now - moved > GIVE_UP:
            return False
        elif now - moved > QUIET and not told_quiet:
            told_quiet = True
            _notice(f"{QUIET}초째 데이터가 오지 않습니다", f"No data for {QUIET} s")
        if bar.total and start and now - start > 3 and not told_slow:
            told_slow = True
            left = (bar.total - bar.n) * (now - start) / max(bar.n, 1)
            if left > SLOW:
                minutes = round(left / 60)
                _notice(f"약 {minutes}분 걸립니다", f"This takes about {minutes} minutes")


def _notice(korean, english):
    tell(
        f"{korean}. 중단하면(■ 또는 Ctrl-C) 내장 DINO로 이어 갑니다.",
        f"{english}. Interrupt (■ or Ctrl-C) to go on with the embedded DINO.",
    )


def _bytes(folder):
    total = 0
    for part in folder.glob("*.incomplete"):
        try:
            total += part.stat().st_size
        except OSError:  # finished, and renamed, this very moment
            pass
    return total


def _stop(process):
    process.stdin.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _text(stream):
    stream.seek(0)
    return stream.read().decode(errors="replace").strip()
