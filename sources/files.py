"""A picture file in, an upright RGB picture out, or one clear error."""

from bilingual import plain
from sources import formats
from sources.colours import rgb
from sources.kinds import PhotoError, not_a_photo


def read(path, max_side):
    name = plain(path.name)
    try:
        if path.is_dir():
            raise PhotoError(
                f"사진이 아니라 폴더입니다: {name}. 그 안의 사진 파일을 쓰세요.",
                f"A folder, not a photo: {name}. Use a photo file in it.",
            )
        if not path.is_file():  # a pipe or a device may never end
            raise not_a_photo(name)
        with path.open("rb") as file:
            return decode(file, name, max_side)
    except OSError as error:
        raise PhotoError(
            f"파일을 읽을 수 없습니다: {name} ({error.strerror}). 읽기 권한을 확인하세요.",
            f"The file cannot be read: {name} ({error.strerror}). "
            "Check your permission to read it.",
        ) from error


def decode(file, name, max_side):
    try:
        return formats.decode(file, max_side)
    except formats.TooLarge as error:
        width, height = error.args[0]
        raise PhotoError(
            f"사진이 너무 큽니다: {name} ({width} × {height}픽셀). 더 작게, JPEG로 저장해 쓰세요.",
            f"The photo is too large: {name} ({width} × {height} pixels). "
            "Save it smaller, as a JPEG, and use that.",
        ) from error
    except formats.Damaged as error:
        raise PhotoError(
            f"사진 파일이 깨졌거나 일부만 있습니다: {name}. 다시 내려받거나 복사해 쓰세요.",
            f"The photo file is damaged or incomplete: {name}. Download or copy it once more.",
        ) from error
    except formats.Unknown as error:
        file.seek(0)
        raise not_a_photo(name, file.read(1024)) from error


def from_pillow(photo, max_side):
    """A picture that is open in Pillow already, as ``decode`` gives it."""
    try:
        return rgb(photo, max_side)
    except Exception as error:  # opened, and only now read from a broken file
        raise not_a_photo(f"PIL {photo.mode} {photo.size}") from error
