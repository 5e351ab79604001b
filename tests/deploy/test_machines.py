"""The files for real machines say what the hub on this machine does, in the charts' own shape."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import yaml

from deploy import hub, settings

SHAPES = json.loads(Path(__file__).with_name("charts.json").read_text("utf-8"))
DEPLOY = settings.ROOT / "deploy"
SCRIPT = DEPLOY / "tljh.sh"
VALUES = settings.VALUES


@pytest.fixture
def tljh(tmp_path):
    """What TLJH's files hold, by their names."""
    return {path.name: path.read_text("utf-8") for path in settings.tljh(tmp_path)}


def tljh_config():
    """The tree that the script's `tljh-config set` lines make, as TLJH reads them."""
    tree = {}
    for name, value in re.findall(r"tljh-config set (\S+) (\S+)", SCRIPT.read_text()):
        *above, last = name.split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[last] = yaml.safe_load(value)
    return tree


def executed(source, **names):
    """A configuration file of JupyterHub as JupyterHub reads it."""
    from traitlets.config import Config

    c = Config()
    exec(source, {"c": c, "get_config": lambda: c, **names})
    return c


@pytest.fixture
def local(monkeypatch, tmp_path):
    """The configuration of the hub on this machine."""
    told = {"root": str(settings.ROOT), "folder": str(tmp_path), "url": "http://127.0.0.1:1"}
    told |= {"ports": [2, 3], "token": "token", "password": "secret", "students": {}}
    monkeypatch.setenv("DINO_HUB_SETTINGS", json.dumps(told))
    return executed((DEPLOY / "jupyterhub_config.py").read_text("utf-8"))


def test_all_three_set_the_same_environment(local, tljh):
    environment = VALUES["singleuser"]["extraEnv"]
    assert local.Spawner.environment == environment
    assert executed(tljh["dino.py"]).Spawner.environment == environment
    assert all(type(value) is str for value in environment.values())


def test_all_three_set_the_same_limits(local, tljh):
    single, config = VALUES["singleuser"], tljh_config()
    assert single["memory"]["limit"] == config["limits"]["memory"] == local.Spawner.mem_limit
    assert single["memory"]["guarantee"] == local.Spawner.mem_guarantee
    assert single["cpu"]["limit"] == config["limits"]["cpu"] == local.Spawner.cpu_limit
    assert single["cpu"]["guarantee"] == local.Spawner.cpu_guarantee
    assert VALUES["cull"]["timeout"] == config["services"]["cull"]["timeout"] >= 2 * 3600
    script = executed(tljh["dino.py"])
    assert single["startTimeout"] == script.Spawner.start_timeout == local.Spawner.start_timeout


def test_all_three_set_up_the_same_server_and_the_same_lab(tmp_path, tljh):
    single = VALUES["singleuser"]["extraFiles"]
    server, lab = single["server"]["data"], single["lab"]["data"]
    assert lab == json.loads((settings.ROOT / "tools" / "overrides.json").read_text("utf-8"))
    for file in single.values():
        assert json.loads(tljh[Path(file["mountPath"]).name]) == file["data"]
    hub.settings_files(tmp_path)
    local = json.loads((tmp_path / "etc" / "jupyter_server_config.json").read_text())
    assert {name: local[name] for name in server} == server
    assert json.loads((tmp_path / "lab" / "overrides.json").read_text()) == lab


def test_a_photo_of_a_phone_passes_the_socket():
    size = settings.SERVER["ServerApp"]["tornado_settings"]["websocket_max_message_size"]
    assert size > 20e6 * 4 / 3  # base64


def test_the_models_are_one_copy_that_is_read_only():
    single, script = VALUES["singleuser"], SCRIPT.read_text()
    (mount,) = single["storage"]["extraVolumeMounts"]
    assert mount["readOnly"] and mount["mountPath"] == settings.ENVIRONMENT["HF_HUB_CACHE"]
    assert mount["name"] == single["storage"]["extraVolumes"][0]["name"]
    assert f"MODELS={mount['mountPath']}\n" in script and "go-w $MODELS" in script


def test_the_charts_know_every_key():
    jsonschema.validate(VALUES, SHAPES["z2jh"])
    jsonschema.validate(tljh_config(), SHAPES["tljh"])
    wrong = json.loads(json.dumps(VALUES))
    wrong["singleuser"]["memmory"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SHAPES["z2jh"])


def test_the_script_with_a_sudo_that_only_tells(tmp_path):
    """What is left without TLJH, conda and network: its quoting, its packages, its files."""
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text(
        f"""#!/bin/bash
case "$*" in
*deploy.settings*) exec {sys.executable} -m deploy.settings {tmp_path};;
*load_model*) exec {sys.executable} -c 'import ast, sys; ast.parse(sys.argv[1])' "${{@: -1}}";;
*) echo "$@";;
esac"""
    )
    sudo.chmod(0o755)
    done = subprocess.run(
        ["bash", SCRIPT],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{sudo.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    mamba = next(line for line in done.stdout.splitlines() if "mamba" in line)
    wanted = re.findall(
        r"^  - ([a-z].*>=.*)$", (settings.ROOT / "environment.yml").read_text(), re.M
    )
    brought = {one for one in wanted if one.startswith(("jupyterlab", "ipywidgets"))}
    assert {*mamba.split("conda-forge ")[1].split(" ")} == {*wanted} - brought and len(brought) == 2
    config = tmp_path / "opt/tljh/user/etc/jupyter/jupyter_server_config.json"
    assert json.loads(config.read_text()) == settings.SERVER


def test_the_link():
    link = settings.link("https://hub.example.org/", "https://github.com/a/b.git")
    asked = parse_qs(urlsplit(link).query)
    assert link.startswith("https://hub.example.org/hub/user-redirect/git-pull?")
    assert asked["repo"] == ["https://github.com/a/b.git"]
    assert asked["targetpath"] == [settings.NAME]  # whatever the address ends in
    assert asked["urlpath"] == [f"lab/tree/{settings.NAME}/notebooks/00_start.ipynb"]
    assert (settings.ROOT / settings.FIRST).exists()
    a_hub = hub.Hub("http://127.0.0.1:1", "file:///x", "", "", SimpleNamespace(), None)
    assert "file%3A%2F%2F%2Fx" in a_hub.link()
