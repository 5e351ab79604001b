"""What every hub of this tutorial has in common, wherever it runs.

Limits, environment and settings stand in ``values.yaml``, which Kubernetes takes as it is. The hub
on this machine reads them through this module; for The Littlest JupyterHub,

    python -m deploy.settings /                          writes its files (tljh.sh calls it)
    python -m deploy.settings https://hub.example.org    prints the link for that hub's students
"""

import json
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlencode

import yaml

from bilingual import console

ROOT = Path(__file__).resolve().parents[1]
NAME = "dino-tutorial"  # the folder that the lessons get in a student's home
BRANCH = "class"  # main, but for what lies below a guess: .github/workflows/class.yml
FIRST = "notebooks/00_start.ipynb"

VALUES = yaml.safe_load((ROOT / "deploy" / "values.yaml").read_text("utf-8"))
STUDENT = VALUES["singleuser"]
ENVIRONMENT = STUDENT["extraEnv"]
MODELS = ENVIRONMENT["HF_HUB_CACHE"]  # one copy for all, which students can read and not write
START_SECONDS = STUDENT["startTimeout"]
SERVER, LAB = (STUDENT["extraFiles"][name]["data"] for name in ("server", "lab"))

# What a hub installs beside the lessons' own packages.
HUB_PACKAGES = ("jupyterhub==5.*", "nbgitpuller>=1.2")
GRADE_PACKAGES = ("nbgrader>=0.9.5",)
PROXY = "configurable-http-proxy@5"  # from npm


def project():
    """The tutorial's version, addresses and so on, of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def link(hub, repository):
    """The link a class gets: log in, have the lessons pulled, land in the first.

    ``hub`` is its address, as https://hub.example.org, ``repository`` where git clones from.
    """
    asked = {
        "repo": repository,
        "branch": BRANCH,
        # Said outright: nbgitpuller would take another folder for an address that ends in .git.
        "targetpath": NAME,
        "urlpath": f"lab/tree/{NAME}/{FIRST}",
    }
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked)}"


def tljh(root="/"):
    """Write the files by which The Littlest JupyterHub gives students the same; their paths."""
    hub, user = Path(root, "opt/tljh/config"), Path(root, "opt/tljh/user")
    config = f"c.Spawner.environment = {json.dumps(ENVIRONMENT, indent=4)}\n"
    config += f"c.Spawner.start_timeout = c.Spawner.http_timeout = {START_SECONDS}\n"
    return write(
        {
            hub / "jupyterhub_config.d/dino.py": config,
            user / "etc/jupyter/jupyter_server_config.json": SERVER,
            user / "share/jupyter/lab/settings/overrides.json": LAB,
        }
    )


def write(files):
    """Write what stands under each path: a text, or anything else as JSON; the paths."""
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content, indent=1) + "\n"
        path.write_text(text, encoding="utf-8")
    return [*files]


def main(where):
    console.prepare()
    if "://" in where:
        print(link(where, project()["urls"]["Repository"]))
    else:
        print(*tljh(where), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
