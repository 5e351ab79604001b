"""The settings of this house for real machines, as two files that a teacher copies.

    python -m deploy.machines                            writes both
    python -m deploy.machines https://hub.example.org    prints the link for that hub's students

``deploy/tljh.sh`` is for one machine with The Littlest JupyterHub, ``deploy/values.yaml`` for
Kubernetes with Zero to JupyterHub. A test holds both to ``settings``. Neither was run: there is no
such machine here.
"""

import json
import sys
from pathlib import Path

import yaml

from . import settings

FOLDER = Path(__file__).parent
TLJH_BRINGS = ("jupyterlab", "ipywidgets")  # by pip; conda must not lay its own over them
CONDA = "/srv/conda/envs/notebook"  # where repo2docker's images have their packages


def tljh():
    """A script for the machine's administrator.

    Returns
    -------
    str
    """
    config = {
        "limits.memory": settings.MEMORY_LIMIT,
        "limits.cpu": settings.CPU_LIMIT,
        "services.cull.timeout": settings.IDLE_SECONDS,
        "user_environment.default_app": "jupyterlab",
    }
    wanted = [one for one in settings.packages() if not one.startswith(TLJH_BRINGS)]
    packages = " ".join(f"'{one}'" for one in wanted)
    lines = [
        "#!/bin/bash",
        "# The Littlest JupyterHub for this tutorial. On a machine that has TLJH, as its",
        "# administrator: bash tljh.sh. It can be run again. Made by python -m deploy.machines.",
        "set -euo pipefail",
        "USER_ENV=/opt/tljh/user",
        f"MODELS={settings.MODELS}",
        "",
        "# 1. What the lessons need, for all users.",
        f"sudo $USER_ENV/bin/mamba install -y -c conda-forge {packages}",
        "",
        "# 2. One copy of the model for all, which students can read and not write.",
        "sudo mkdir -p $MODELS",
        "sudo rm -rf /opt/dino",
        f"sudo git clone -q --depth 1 {settings.repository()} /opt/dino",
        "cd /opt/dino",
        "sudo env HF_HUB_OFFLINE=0 HF_HOME=$MODELS HF_HUB_CACHE=$MODELS $USER_ENV/bin/python -c \\",
        "  'from helpers import models; print(models.load_model().weights)'  # (hub), (cache)",
        "sudo chmod -R a+rX,go-w $MODELS",
        "",
        "# 3. Every student's environment.",
        "sudo mkdir -p /opt/tljh/config/jupyterhub_config.d",
        "sudo tee /opt/tljh/config/jupyterhub_config.d/dino.py > /dev/null <<'END'",
        *_python("c.Spawner.environment", settings.ENVIRONMENT),
        f"c.Spawner.start_timeout = c.Spawner.http_timeout = {settings.START_SECONDS}",
        "END",
        "",
        "# 4. Every student's server, and JupyterLab.",
        "sudo mkdir -p $USER_ENV/etc/jupyter $USER_ENV/share/jupyter/lab/settings",
        "sudo tee $USER_ENV/etc/jupyter/jupyter_server_config.json > /dev/null <<'END'",
        json.dumps(settings.SERVER, indent=1),
        "END",
        "sudo tee $USER_ENV/share/jupyter/lab/settings/overrides.json > /dev/null <<'END'",
        json.dumps(settings.LAB, indent=1),
        "END",
        "",
        "# 5. Limits. Nobody's server is shut down in the middle of a lecture.",
        *(f"sudo tljh-config set {name} {value}" for name, value in config.items()),
        "sudo tljh-config reload",
        "",
        "# The link for students: python -m deploy.machines https://your-hub",
    ]
    return "\n".join(lines) + "\n"


def _python(name, values):
    return [f"{name} = {{", *(f'    "{k}": "{v}",' for k, v in values.items()), "}"]


def values():
    """What ``helm upgrade --values`` takes.

    Returns
    -------
    dict
    """
    models = {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
    return {
        "singleuser": {
            "image": {"name": "registry.example.org/dino", "tag": "1"},
            "defaultUrl": "/lab",
            "startTimeout": settings.START_SECONDS,
            "memory": {"guarantee": settings.MEMORY_GUARANTEE, "limit": settings.MEMORY_LIMIT},
            "cpu": {"guarantee": settings.CPU_GUARANTEE, "limit": settings.CPU_LIMIT},
            "extraEnv": dict(settings.ENVIRONMENT),
            "extraFiles": {
                "server": {
                    "mountPath": f"{CONDA}/etc/jupyter/jupyter_server_config.json",
                    "data": settings.SERVER,
                },
                "lab": {
                    "mountPath": f"{CONDA}/share/jupyter/lab/settings/overrides.json",
                    "data": settings.LAB,
                },
            },
            "storage": {
                "capacity": settings.HOME_SIZE,
                "extraVolumes": [models],
                "extraVolumeMounts": [
                    {"name": "models", "mountPath": settings.MODELS, "readOnly": True}
                ],
            },
        },
        "cull": {"enabled": True, "timeout": settings.IDLE_SECONDS},
        "prePuller": {"hook": {"enabled": True}, "continuous": {"enabled": True}},
        "scheduling": {
            "podPriority": {"enabled": True},
            "userPlaceholder": {"enabled": True, "replicas": settings.PLACEHOLDERS},
        },
    }


def z2jh():
    """The same as a file, with what to change at its head."""
    head = (
        "# Zero to JupyterHub for this tutorial: helm upgrade --values values.yaml ...\n"
        "# Change: image, the address of the one that you have built. Made by\n"
        "# python -m deploy.machines.\n"
    )
    return head + yaml.safe_dump(values(), sort_keys=False, allow_unicode=True)


FILES = {"tljh.sh": tljh, "values.yaml": z2jh}


def main(*hub):
    if hub:
        print(settings.link(hub[0], settings.repository()))
        return
    for name, made in FILES.items():
        (FOLDER / name).write_text(made(), encoding="utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main(*sys.argv[1:2])
