"""What a file is that is no photo, and what to do about it, in Korean and English."""

import re

from PIL import Image

from bilingual import Bilingual

VIDEO = "비디오", "a video"
_EXPORT = "JPEG로 내보내서 쓰세요.", "Export it as a JPEG and use that."
_FRAME = "한 장면을 JPEG로 저장해서 쓰세요.", "Save one of its pictures as a JPEG and use that."
_COPY = (
    "페이지 속 사진을 오른쪽 클릭해 ‘이미지 주소 복사’로 얻은 주소를 쓰세요.",
    "Right-click the picture on that page, choose “Copy image address”, and use that.",
)
_IPHONE = (
    "사진 앱에서 JPEG로 내보내거나, pip install pillow-heif를 실행한 다음 다시 해 보세요. "
    "설정 → 카메라 → 포맷에서 ‘높은 호환성’을 고르면 다음부터 JPEG로 찍힙니다.",
    "Export it as a JPEG in your photo app, or run pip install pillow-heif and try again. "
    "Settings → Camera → Formats → Most Compatible makes the next ones JPEGs.",
)
_HTML = rb"(?i)\s*(<!doctype html|<html|(<\?xml.*|<!--.*)?<html)"
_RAW = rb"....ftypcrx|II\*\0|MM\0\*|IIRO|IIRS|IIU\0|FUJIFILMCCD-RAW"
# (what its beginning looks like, its name, what to do), each in both languages.
_KINDS = (
    (rb"....ftyp(hei|hev|mif1|msf1)", ("아이폰의 HEIC 사진", "an iPhone's HEIC photo"), _IPHONE),
    (_HTML, ("웹페이지", "a web page"), _COPY),
    (rb"(?i)\s*(<\?xml.*|<!--.*|<!doctype svg.*)?<svg", ("SVG 그림", "an SVG drawing"), _EXPORT),
    (rb"%PDF", ("PDF 문서", "a PDF document"), _EXPORT),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", ("JPEG XL 그림", "a JPEG XL picture"), _EXPORT),
    (_RAW, ("카메라의 RAW 파일", "a camera's raw file"), _EXPORT),
    (rb"....ftyp|RIFF....AVI|\x1a\x45\xdf\xa3|....moov", VIDEO, _FRAME),
)
VIDEOS = ("GIF, WebP, MP4 파일을 쓰세요.", "Use a GIF, a WebP or an MP4.")
# A name that ends in .jpg makes no photo of a text.
OTHER = (
    "이름이 아니라 내용이 JPEG, PNG, WebP, GIF, TIFF, BMP 등의 사진인 파일을 쓰세요.",
    "Use a file that holds a JPEG, PNG, WebP, GIF, TIFF or BMP, whatever its name.",
)


class PhotoError(Bilingual, ValueError):
    """What was given cannot be used as a photo; the message says why, in Korean and English."""


def what(start):
    """What a file is by its beginning, and what to do to have a photo of it; None if unknown."""
    start = start.removeprefix(b"\xef\xbb\xbf")  # which editors put before a text
    return next((kind for looks, *kind in _KINDS if re.match(looks, start, re.S)), None)


def not_a_photo(name, start=b""):
    """The ``PhotoError`` for a file that holds no photo, by its first thousand bytes."""
    if kind := what(start):
        (ko, en), (ko_advice, en_advice) = kind
        return PhotoError(
            f"사진이 아니라 {ko}입니다: {name}. {ko_advice}",
            f"Not a photo, but {en}: {name}. {en_advice}",
        )
    Image.init()
    for kind, (_, accept) in Image.OPEN.items():
        # A picture to Pillow, but not one of files.FORMATS.
        if accept and len(start) > 15 and accept(start[:16]):
            return PhotoError(
                f"여기서 읽지 않는 그림 형식({kind})입니다: {name}. {_EXPORT[0]}",
                f"A kind of picture that is not read here ({kind}): {name}. {_EXPORT[1]}",
            )
    return PhotoError(f"사진이 아닙니다: {name}. {OTHER[0]}", f"Not a photo: {name}. {OTHER[1]}")


def not_a_video(name, start):
    """The error for a file that holds no video, see ``not_a_photo``; None where it may hold one."""
    if not start:
        return PhotoError(
            f"빈 파일입니다(0바이트): {name}. 다시 내려받거나 다시 복사하세요.",
            f"The file is empty (0 bytes): {name}. Download or copy it once more.",
        )
    if (kind := what(start)) and kind[0] is not VIDEO:
        ko, en = kind[0]
        return PhotoError(
            f"비디오가 아니라 {ko}입니다: {name}. 비디오 자체를 내려받거나 내보내세요. {VIDEOS[0]}",
            f"Not a video, but {en}: {name}. Download or export the video itself. {VIDEOS[1]}",
        )
    return None
