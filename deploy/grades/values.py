"""An answer as plain data: what a student's process writes and the checks' process reads.

Numbers, words, arrays and pictures cross, and a function of x and y by what it says on a square.
Nothing that is read can run: no pickle, no source.
"""

import base64
import io

LARGEST = 50_000_000  # bytes of one array or picture


def encode(value):
    """JSON of an answer; of anything else its type's name."""
    import numpy as np
    import torch
    from PIL import Image

    if value is ...:
        return {"none": True}
    if value is None or isinstance(value, bool | int | float | str):
        return {"plain": value if not isinstance(value, int) or abs(value) < 2**63 else 0}
    if isinstance(value, tuple | list) and len(value) < 1000:
        return {"tuple" if isinstance(value, tuple) else "list": [encode(one) for one in value]}
    if isinstance(value, Image.Image):
        file = io.BytesIO()
        value.save(file, "PNG")
        return {"picture": base64.b64encode(file.getvalue()).decode()}
    if isinstance(value, torch.Tensor):
        return {"tensor": _array(value.detach().cpu().numpy())}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        return {"array": _array(np.asarray(value))}
    if callable(value) and not isinstance(value, type):
        return {"function": _on_square(value)}
    return {"other": type(value).__name__}


def decode(data):
    """The answer again; an object that is no answer to anything for what did not cross."""
    import numpy as np
    import torch
    from PIL import Image

    ((kind, content),) = data.items()
    if kind == "none":
        return ...
    if kind == "plain" and (content is None or isinstance(content, bool | int | float | str)):
        return content
    if kind in ("tuple", "list"):
        return {"tuple": tuple, "list": list}[kind](decode(one) for one in content)
    if kind == "picture":
        picture = Image.open(io.BytesIO(_bytes(content)), formats=["PNG"])
        picture.load()
        return picture
    if kind in ("array", "tensor"):
        array = np.load(io.BytesIO(_bytes(content)), allow_pickle=False)
        return torch.from_numpy(array.copy()) if kind == "tensor" else array
    if kind == "function":
        return _from_square(content)
    return type(str(content)[:40].title() or "Other", (), {})()


def _array(array):
    import numpy as np

    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return base64.b64encode(file.getvalue()).decode()


def _bytes(text):
    if len(text) > LARGEST:
        raise ValueError("too large")
    return base64.b64decode(text)


def _on_square(function):
    """What a function of two coordinates says on the square that lesson 11's check looks at."""
    import torch

    line = torch.linspace(-1, 1, 64)
    y, x = torch.meshgrid(line, line, indexing="ij")
    try:
        return {"says": encode(function(x, y))}
    except (TypeError, RuntimeError) as error:
        return {"raises": type(error).__name__}
    except Exception:
        return {"raises": "TypeError"}


def _from_square(content):
    if "raises" in content:
        kind = {"RuntimeError": RuntimeError}.get(content["raises"], TypeError)

        def fails(x, y):
            raise kind

        return fails
    said = decode(content["says"])
    return lambda x, y: said
