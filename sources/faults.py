"""What went wrong with the hub, in words a learner can act on."""

import errno
import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from huggingface_hub import constants

from bilingual import Bilingual, tell

FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
CUT = {"RemoteProtocolError", "ReadError", "OSError"}  # the client's last word is for "too short"
LACKS = {
    "RepoNotFound": ("그 모델이", "no such model"),
    "RevisionNotFound": ("그 모델의 그 버전이", "no such revision of the model"),
    "EntryNotFound": ("그 모델의 safetensors 파일이", "no safetensors file of the model"),
}
CONNECT = "인터넷에 연결하고", "connect to the internet"
CHECK = "인터넷 연결을 확인하고", "check the connection"
LATER = "몇 분 뒤에", "wait a few minutes"
STOPPED = (
    ("불러오기를 중단했습니다", "you interrupted the loading"),
    ("중단하지 말고", "give it time"),
)
# By fault: what happened in Korean and English, what to do in Korean and English.
WORDS = {
    "OfflineModeIsEnabled": (
        "허브 접속이 꺼져 있고(HF_HUB_OFFLINE=1), 이 컴퓨터에 받아 둔 모델도 없습니다",
        "the hub is switched off (HF_HUB_OFFLINE=1), and this machine has no copy",
        "이 설정을 해제하거나 강의자에게 모델을 받아 달라고 부탁한 다음, 파이썬을 다시 시작하고",
        "unset that, or ask your teacher to fetch the model; then restart Python",
    ),
    "FileMetadataError": (
        "허브가 아닌 곳에서 응답했습니다(네트워크 로그인 화면일 수 있습니다)",
        "something else answered in the hub's place (a network's login page?)",
        "브라우저로 네트워크에 로그인하고",
        "sign in to the network in a browser",
    ),
    "certificate": (
        "허브의 인증서가 아닙니다. 이 네트워크가 암호화된 연결을 중간에서 열어 봅니다",
        "the certificate is not the hub's: this network opens encrypted connections",
        "관리자에게 인증서 파일을 받아 SSL_CERT_FILE에 그 경로를 넣고, 파이썬을 다시 시작한 뒤",
        "set SSL_CERT_FILE to its certificate (ask the administrator), restart Python",
    ),
    "not writable": (
        "허브의 캐시 폴더에 파일을 저장할 수 없습니다",
        "the hub's cache folder cannot be written",
        "환경 변수 HF_HOME에 저장할 수 있는 폴더를 넣고, 파이썬을 다시 시작한 뒤",
        "set HF_HOME to a folder that can be written, restart Python",
    ),
    "full": ("디스크가 가득 찼습니다", "the disk is full", "파일을 정리하고", "free some space"),
    "cut": ("내려받는 도중에 연결이 끊겼습니다", "the download was cut off", *CHECK),
    "ReadTimeout": ("내려받기가 멈추었습니다", "the download stopped moving", *CHECK),
    "gated": (
        "사용 승인을 받은 사람만 내려받을 수 있는 모델입니다",
        "the hub gives this model only to those it knows",
        "허브의 모델 페이지에서 사용 승인을 받고 HF_TOKEN을 설정한 뒤",
        "get access on the model's page at the hub, set HF_TOKEN",
    ),
}


class HubError(Bilingual):
    """The hub gave no usable weights; ``why`` and ``remedy`` are each (Korean, English)."""

    def __init__(self, why, remedy=CONNECT):
        self.why, self.remedy = why, remedy
        ko, en = f"{why[0]}. {remedy[0]} 다시 실행하세요.", f"{why[1]}; {remedy[1]} and run again."
        super().__init__(ko, en)


def damaged(ko="내려받은 파일이 깨졌습니다", en="the downloaded file is damaged"):
    """The ``HubError`` of a file that came twice and was of no use either time."""
    return HubError((ko, en), ("잠시 뒤에", "wait a while"))


def tell_of_replacement(name, error):
    """Why the embedded DINO takes the place of a model, what it is, and how to get the real one."""
    why, remedy = STOPPED if isinstance(error, KeyboardInterrupt) else (error.why, error.remedy)
    tell(
        f"{name} 대신 내장 DINO를 씁니다: {why[0]}.\n"
        "내장 DINO는 이 수업에 들어 있는 작은 DINO입니다(토큰 197개).\n"
        f"원래 모델을 쓰려면 {remedy[0]} 다시 실행하세요.",
        f"Using the embedded DINO instead of {name}: {why[1]}.\n"
        "It is a small DINO that comes with these lessons (197 tokens).\n"
        f"For the real one, {remedy[1]} and run again.",
    )


def status(error):
    """The HTTP status in an exception of the hub's client, else None."""
    return getattr(getattr(error, "response", None), "status_code", None)


def explain(error):
    """The ``HubError`` that says what an exception of the hub's client, or of the disk, means."""
    # "Check your connection" is what the client says of most faults; the cause says which.
    if type(error).__name__ == "LocalEntryNotFoundError":
        error = error.__cause__ or error
    if isinstance(error, HubError):
        return error
    if status(error):
        return _refused(status(error), error.response.headers)
    kind, number = type(error).__name__, getattr(error, "errno", None)
    if number in FULL | NOT_WRITABLE:
        kind = "full" if number in FULL else "not writable"
    elif kind in CUT and number is None:
        kind = "cut"
    elif _of_a_certificate(error):
        kind = "certificate"
    if words := WORDS.get(kind):
        return HubError(words[:2], words[2:])
    ko, en, remedy = "", "", CONNECT
    if proxy := _proxy():
        ko, en = f"프록시 {proxy}를 거쳐 ", f" through the proxy {proxy}"
        remedy = "프록시 주소(HTTPS_PROXY)를 확인하고", "check the proxy's address (HTTPS_PROXY)"
    ko, en = f"{ko}허브에 연결할 수 없습니다({kind})", f"the hub cannot be reached{en} ({kind})"
    return HubError((ko, en), remedy)


def _refused(status, headers):
    code, retry = headers.get("X-Error-Code"), headers.get("Retry-After") or ""
    remedy = LATER
    if status == 404 or code == "RepoNotFound":  # of private models, the hub says 401 RepoNotFound
        ko, en = LACKS.get(code, ("그 가중치가", "no such weights"))
        ko, en = f"허브에 {ko} 없습니다", f"the hub has {en}"
        remedy = "다른 이름으로", "choose another name"
    elif status in (401, 403):
        ko, en, *remedy = WORDS["gated"]
    elif status == 429:
        ko, en = "허브에 요청이 몰려 기다려야 합니다", "the hub is too busy and says wait"
        remedy = (f"{retry}초 뒤에", f"wait {retry} s") if retry.isdigit() else LATER
    else:
        ko, en = "허브에 장애가 생겼습니다", "the hub is out of order"
    return HubError((f"{ko}({status})", f"{en} ({status})"), tuple(remedy))


def _of_a_certificate(error):
    while error and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return bool(error)


def _proxy():
    """The address of the proxy that stands before the hub, without a password, or None."""
    hub = urlsplit(constants.ENDPOINT)
    proxy = None if proxy_bypass(hub.hostname) else getproxies().get(hub.scheme)
    return proxy and proxy.rpartition("@")[2]
