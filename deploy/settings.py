"""What every hub of this tutorial has in common, wherever it runs; said here and nowhere else.

``jupyterhub_config.py`` reads it for the hub on this machine, ``machines`` writes it into the files
for The Littlest JupyterHub and for Kubernetes.
"""

import json
import re
import tomllib
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
NAME = "dino-tutorial"  # the folder that the lessons get in a student's home
BRANCH = "main"
FIRST = "notebooks/00_start.ipynb"

# A student's server and kernels. The measured figures are in docs/en/jupyterhub.md.
MEMORY_GUARANTEE, MEMORY_LIMIT = "1G", "2G"
CPU_GUARANTEE, CPU_LIMIT = 0.3, 2
HOME_SIZE = "2Gi"
PLACEHOLDERS = 30  # places kept free on Kubernetes for the first students of a class

IDLE_SECONDS = 7200  # a server is shut down after this; longer than the longest talk
START_SECONDS = 300  # how long a server may take to start while all the others do, too

MODELS = "/srv/models"  # one copy for all, which students can read and not write

ENVIRONMENT = {
    # HF_HOME, too: nothing of the hub's client then depends on a student's own home folder.
    "HF_HOME": MODELS,
    "HF_HUB_CACHE": MODELS,
    "HF_HUB_OFFLINE": "1",
    # All press Run at once: two threads that wait for each other are slower than one.
    "OMP_NUM_THREADS": "1",
    # Answers outlive a checkout that was deleted and pulled again.
    "DINO_OUTPUTS": "~/dino-outputs",
}

# Of jupyter_server_config.json.
SERVER = {
    "ServerApp": {
        # Uploads come through the kernel's WebSocket, which tornado closes beyond 10 MiB.
        "tornado_settings": {"websocket_max_message_size": 200 * 2**20},
    },
    # Looking for language servers takes time at every start, and finds none here.
    "LanguageServerManager": {"autodetect": False},
}

# Of JupyterLab's overrides.json, which Binder takes, too: no question about news over a lesson.
LAB = json.loads((ROOT / "tools" / "overrides.json").read_text("utf-8"))

# What a hub installs beside the lessons' own packages.
HUB_PACKAGES = ("jupyterhub==5.*", "nbgitpuller>=1.2")
GRADE_PACKAGES = ("nbgrader>=0.9.5",)
PROXY = "configurable-http-proxy@5"  # from npm


def repository():
    """The address of the tutorial, as in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Repository"]


def packages():
    """What the lessons need, by conda's names and bounds, as in environment.yml."""
    text = (ROOT / "environment.yml").read_text("utf-8")
    return re.findall(r"^  - ([a-z].*>=.*)$", text, re.M)


def link(hub, repository, lesson=FIRST, branch=BRANCH):
    """The link a class gets: log in, have the lessons pulled, land in one of them.

    Parameters
    ----------
    hub : str
        Address of the hub, as https://hub.example.org
    repository : str
        Where git clones the lessons from.
    lesson : str
        Its path in the repository.
    branch : str

    Returns
    -------
    str
    """
    asked = {
        "repo": repository,
        "branch": branch,
        # Said outright: nbgitpuller would take another folder for an address that ends in .git.
        "targetpath": NAME,
        "urlpath": f"lab/tree/{NAME}/{lesson}",
    }
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked)}"
