"""What went wrong with the hub, in words a learner can act on."""

import errno
import time

from bilingual import say

DISK_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
# How the hub's clients, of httpx and of requests, call a line that is cut amid a file.
CUT = {"RemoteProtocolError", "ReadError", "ChunkedEncodingError", "ProtocolError"}
NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


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
        return say(*self.why, " · ")


def damaged():
    """The ``HubError`` of a file that came twice and was no weights file either time."""
    return HubError(
        ("내려받은 파일이 깨졌습니다", "the downloaded file is damaged"), ("나중에", "wait a while")
    )


def facts(error):
    """The little that ``explain`` needs of an exception, as what JSON can carry between processes.

    Parameters
    ----------
    error : Exception
        Of huggingface_hub, of its network library, or an OSError of the disk.

    Returns
    -------
    dict
        "kind" (the exception's class), "status" and "code" (the hub's HTTP status and its own name
        for the fault), "retry" (Retry-After, in s), "errno"; None where there is no such thing.
    """
    # "Check your connection" is what the client says of most faults; the cause says which.
    if type(error).__name__ == "LocalEntryNotFoundError":
        error = error.__cause__ or error
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", {})
    return {
        "kind": type(error).__name__,
        "status": getattr(response, "status_code", None),
        "code": headers.get("X-Error-Code"),
        "retry": headers.get("Retry-After"),
        "errno": getattr(error, "errno", None),
    }


def patiently(call, waits):
    """What a call returns; after a 5xx of the hub's it is made again, `waits` seconds later."""
    for wait in waits:
        try:
            return call()
        except Exception as error:
            if (facts(error)["status"] or 0) < 500:
                raise
            time.sleep(wait)
    return call()


def explain(kind, status=None, code=None, retry=None, errno=None):
    """The ``HubError`` that says what happened and what to do; arguments as ``facts`` has them."""
    if kind == "OfflineModeIsEnabled":
        return HubError(
            ("허브를 껐습니다(HF_HUB_OFFLINE=1)", "the hub is switched off (HF_HUB_OFFLINE=1)"),
            ("이 설정을 지우고 파이썬을 새로 시작한 뒤", "remove that setting, start Python anew"),
        )
    if kind == "FileMetadataError":  # an answer, and not the hub's
        return HubError(
            (
                "허브가 아닌 것이 대답했습니다(네트워크 로그인 화면?)",
                "something else answered in the hub's place (a network's login page?)",
            ),
            ("브라우저로 네트워크에 로그인하고", "sign in to the network in a browser"),
        )
    if status == 404 or code == "RepoNotFound":  # of private models, the hub says 401 RepoNotFound
        what = {
            "RepoNotFound": ("그 모델이", "has no such model"),
            "RevisionNotFound": ("그 모델의 그 판이", "has no such revision of the model"),
            "EntryNotFound": (
                "그 모델의 safetensors 파일이",
                "has no safetensors file of the model",
            ),
        }.get(code, ("그 가중치가", "has no such weights"))
        return HubError(
            (f"허브에 {what[0]} 없습니다({status})", f"the hub {what[1]} ({status})"),
            ("다른 이름으로", "choose another name"),
        )
    if status in (401, 403):
        return HubError(
            (
                f"허락받은 사람만 받을 수 있는 모델입니다({status})",
                f"the hub gives this model only to those it knows ({status})",
            ),
            (
                "허브의 모델 페이지에서 허락을 받고 HF_TOKEN을 정한 뒤",
                "get access on the model's page at the hub, set HF_TOKEN",
            ),
        )
    if status == 429:
        some = retry if (retry or "").isdigit() else None
        return HubError(
            (
                "허브가 너무 바쁘니 기다리라고 합니다(429)",
                "the hub is too busy and says wait (429)",
            ),
            (f"{some}초 뒤에", f"wait {some} s") if some else ("몇 분 뒤에", "wait a few minutes"),
        )
    if status and status >= 500:
        return HubError(
            (f"허브가 고장 났습니다({status})", f"the hub is out of order ({status})"),
            ("몇 분 뒤에", "wait a few minutes"),
        )
    if errno in DISK_FULL:
        return HubError(
            ("디스크가 가득 찼습니다", "the disk is full"), ("파일을 지우고", "free some space")
        )
    if errno in NOT_WRITABLE:
        return HubError(
            ("허브의 캐시 폴더에 쓸 수 없습니다", "the hub's cache folder cannot be written"),
            (
                "환경 변수 HF_HOME을 쓸 수 있는 폴더로 정하고 파이썬을 새로 시작한 뒤",
                "set HF_HOME to a folder that can be written, start Python anew",
            ),
        )
    if kind in CUT or (kind == "OSError" and errno is None):  # the client's word for "too short"
        return HubError(
            ("파일이 오다가 끊겼습니다", "the download was cut off"),
            ("인터넷 연결을 확인하고", "check the connection"),
        )
    return HubError((f"허브에 연결할 수 없습니다({kind})", f"the hub cannot be reached ({kind})"))
