"""A video in, picture by picture; pictures out, as a moving picture.

GIF, animated WebP and PNG by Pillow; MP4 and its kin by PyAV, which is an extra: it brings FFmpeg
(some 100 MB), and most readers never need it.
"""

import base64
import io
import sys
from fractions import Fraction
from html import escape
from itertools import chain
from pathlib import Path

from PIL import Image, ImageOps, ImageSequence
from tqdm import tqdm

from bilingual import BadInput, number, one_of, plain, say, tell, writing
from helpers.images import IMAGES, load_photo
from helpers.weights import made_by
from sources.files import MAX_PIXELS, find, uploaded
from sources.kinds import VIDEOS, PhotoError, not_a_video

ENDINGS = (".gif", ".webp", ".mp4")
MOVING = ("GIF", "WEBP", "PNG", "JPEG")  # the last one only to be told that it stands still


def frames(source, side=320, most=120, every=1, progress=True):
    """Read a video picture by picture; memory does not grow with its length.

    Parameters
    ----------
    source : a file (a bare name is also looked for in ``images/``), or a ``FileUpload``'s value
    side, most, every : int
        The longer side gets at most so many pixels; stop after so many pictures, and say so; take
        every so many of the video's pictures.
    progress : bool, whether to show a bar

    Yields
    ------
    PIL.Image.Image, RGB, upright

    Raises
    ------
    PhotoError
        No such file; not a video, and what it is instead; damaged; its pictures are too large; or
        PyAV is needed.
    BadInput
        side, most or every is no whole number from 1 up.
    """
    if not all(isinstance(value, int) and value > 0 for value in (side, most, every)):
        raise BadInput(
            f"side, most, every는 1 이상의 정수여야 합니다: {side!r}, {most!r}, {every!r}",
            f"side, most and every must be whole numbers from 1 up: {side!r}, {most!r}, {every!r}",
        )
    if isinstance(source, (str, Path)):
        path, name = find(source, IMAGES), plain(source)
        if not path.is_file():
            raise PhotoError(f"파일이 없습니다: {name}", f"No such file: {name}")
        file = path.open("rb")
    else:
        content, name = uploaded(source)
        file = io.BytesIO(content)
    at, about = 0, {"desc": say("프레임", "frames"), "disable": not progress, "file": sys.stdout}
    with file, tqdm(**about) as bar:
        try:
            for at, picture in enumerate(_pictures(file, name)):
                if at % every:
                    continue
                if at == most * every:
                    ko = f"앞의 프레임 {most}개만 씁니다."
                    tell(ko, f"Only the first {most} frames are used.")
                    break
                bar.update()
                picture.thumbnail((side, side))
                yield picture
        except PhotoError:
            raise
        except Exception as error:  # a broken file makes decoders raise nearly anything
            raise PhotoError(
                f"비디오가 깨졌거나 일부만 있거나, 여기서 읽지 못하는 형식입니다: {name}. 다시 "
                f"내려받거나, {VIDEOS[0]}",
                f"The video is damaged or incomplete, or of a kind that is not read here: {name}. "
                f"Download it once more. {VIDEOS[1]}",
            ) from error
    if at == 0:
        raise PhotoError(
            f"움직이지 않는 사진입니다: {name}. {VIDEOS[0]}",
            f"A picture that stands still: {name}. {VIDEOS[1]}",
        )


def _pictures(file, name):
    try:
        film = Image.open(file, formats=MOVING)
    except Image.UnidentifiedImageError:
        file.seek(0)
        if refused := not_a_video(name, file.read(1024)):  # lest PyAV be asked for in vain
            raise refused from None
        yield from _decoded(file, name)
    else:
        with film:
            _bound(*film.size, name)
            for picture in ImageSequence.Iterator(film):
                yield load_photo(picture.copy(), max_side=None).copy()


def _decoded(file, name):
    """Pictures of an MP4 and the like."""
    file.seek(0)
    with _av(name).open(file) as container:
        stream = container.streams.video[0]
        _bound(stream.width, stream.height, name)
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            turn = getattr(frame, "rotation", 0)  # a phone held upright
            yield frame.to_image().rotate(turn, expand=True)


def _bound(width, height, name):
    if width * height > MAX_PIXELS // 4:  # a decoder holds several pictures
        raise PhotoError(
            f"프레임이 너무 큽니다: {name} ({width} × {height}픽셀)",
            f"Its frames are too large: {name} ({width} × {height} pixels)",
        )


def _av(name):
    try:
        import av
    except ImportError as error:
        raise PhotoError(
            f"{name}: 이 파일에는 PyAV가 필요합니다. pip install av를 실행하고 커널을 다시 "
            "시작하거나, GIF나 WebP를 쓰세요.",
            f"{name}: this takes PyAV. Run pip install av and restart the kernel, "
            "or use a GIF or a WebP.",
        ) from error
    return av


def save(pictures, path, rate=8):
    """Write pictures as a GIF, a WebP or an MP4, all of the first one's size.

    An MP4 is written picture by picture; Pillow gathers those of the others first.

    Parameters
    ----------
    pictures : iterable of what ``images.load_photo`` reads
    path : str or Path, whose ending says which of the three
    rate : float, pictures a second, 0.1..100

    Returns
    -------
    Path

    Raises
    ------
    BadInput
        Another ending; a rate out of bounds; no pictures; no such place.
    PhotoError
        An MP4 takes PyAV; or as ``images.load_photo``.
    """
    number("rate", rate, 0.1, 100)
    path, pictures = Path(path), (load_photo(picture, max_side=None) for picture in pictures)
    one_of("path.suffix", path.suffix.lower(), ENDINGS)
    if (first := next(pictures, None)) is None:
        raise BadInput("프레임이 하나도 없습니다.", "There are no frames.")
    with writing(path) as path:
        film = chain([first], (ImageOps.fit(other, first.size) for other in pictures))
        (_mp4 if path.suffix.lower() == ".mp4" else _animation)(film, path, rate)
    return path


def _animation(pictures, file, rate, kind=None):
    gif = kind is None and file.suffix.lower() == ".gif"
    first, *others = (p.quantize(128) for p in pictures) if gif else pictures
    timing = {"append_images": others, "duration": round(1000 / rate), "loop": 0}
    first.save(file, kind, save_all=True, quality=32, method=6, **timing)  # a GIF takes no quality


def _mp4(pictures, path, rate):
    av = _av(path.name)
    with av.open(str(path), "w") as container:
        stream = None
        for picture in pictures:
            width, height = size = [s // 2 * 2 for s in picture.size]  # H.264 halves colours' grid
            looks = {"width": width, "height": height, "pix_fmt": "yuv420p"}
            stream = stream or container.add_stream("libx264", Fraction(f"{rate:.3f}"), **looks)
            frame = av.VideoFrame.from_image(ImageOps.fit(picture, size))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


class Moving:
    """A moving picture that shows itself in a notebook; where none can move, its middle picture.

    Parameters
    ----------
    pictures : iterable of PIL.Image.Image, at least one, all of one size
    alt : str, what is to be seen, for those who can't see it
    weights : timm model or str, what made it, named below
    rate : float, pictures a second
    """

    def __init__(self, pictures, alt, *, weights, rate=6):
        self.pictures, self.alt, self.rate = [*pictures], alt, rate
        self.foot = made_by(weights)

    def _repr_mimebundle_(self, include=None, exclude=None):
        film, still = io.BytesIO(), io.BytesIO()
        _animation(self.pictures, film, self.rate, "WEBP")
        self.pictures[len(self.pictures) // 2].save(still, "JPEG", quality=80)
        data, jpeg = (base64.b64encode(file.getvalue()).decode() for file in (film, still))
        tag = f'<img alt="{escape(self.alt)}" src="data:image/webp;base64,{data}">'
        tag = f"<figure>{tag}<figcaption><small>{escape(self.foot)}</small></figcaption></figure>"
        data = {"text/html": tag, "image/jpeg": jpeg, "text/plain": f"<{self.alt}>"}
        return data, {"image/jpeg": {"alt": self.alt}}
