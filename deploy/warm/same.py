"""Whether a fork of this process would be what the asker's own new process had been.

Each function returns in words why not, or None. A fork is refused rather than mended: the asker
then starts a plain kernel, which is always right.
"""

import os
import re
from pathlib import Path

# Read once, when a package is imported or Python starts: too late to change in a fork.
AT_START = re.compile(
    r"HF_|HUGGINGFACE_|TORCH|PYTORCH|TIMM_|MPL(?!BACKEND)|PYTHON|LD_|OMP_|MKL_|KMP_|GOMP_|CUDA"
    r"|NUMPY|NPY_|LANG$|LC_|TZ$|XDG_|MALLOC_|GLIBC_|VIRTUAL_ENV$"
)
NAMESPACES = ("mnt", "pid", "net", "ipc", "uts", "user", "cgroup")
RIGHTS = ("NoNewPrivs", "Seccomp", "CapBnd")


def environment(mine, theirs):
    """Of two environments, whether they agree on all that is read at the start."""
    for name in sorted({*mine, *theirs}):
        if AT_START.match(name) and mine.get(name) != theirs.get(name):
            return f"another {name}"
    return None


def home(mine, theirs, cwd):
    """Whether another home folder, or the folder of the notebook, would change what is imported."""
    settings = [Path(cwd, "matplotlibrc")]
    own = theirs.get("HOME")
    if own != mine.get("HOME"):
        if "HF_HOME" not in theirs:
            return "another home, and no HF_HOME"
        if own:
            settings += [Path(own, ".config/matplotlib/matplotlibrc")]
            settings += Path(own).glob(".local/lib/python*/site-packages")
    for path in settings:
        if path.exists():
            return f"settings or packages of its own: {path}"
    return None


def place(pid):
    """Whether a process lives under the same roof: namespaces, root, limits, what it may not do."""
    try:
        for name in NAMESPACES:
            if os.readlink(f"/proc/{pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}"):
                return f"another {name} namespace"
        if not os.path.samestat(os.stat(f"/proc/{pid}/root"), os.stat("/proc/self/root")):
            return "another root folder"
        for what in (rights, group):
            if (theirs := what(pid)) != what("self"):
                return f"another {what.__name__}: {theirs}"
    except OSError as error:
        return f"its process cannot be looked at: {error}"


def rights(pid):
    """What a process was forbidden for good."""
    status = Path(f"/proc/{pid}/status").read_text()
    return {name: value for name, value in re.findall(r"(\w+):\t(.*)", status) if name in RIGHTS}


def group(pid):
    """The control groups, whose limits count for a process."""
    return Path(f"/proc/{pid}/cgroup").read_text()
