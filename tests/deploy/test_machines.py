"""The files for real machines say what the hub on this machine does, in the charts' own shape."""

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import yaml

from deploy import hub, machines, settings

SHAPES = json.loads(Path(__file__).with_name("charts.json").read_text("utf-8"))
SCRIPT = machines.FOLDER / "tljh.sh"
VALUES = yaml.safe_load((machines.FOLDER / "values.yaml").read_text("utf-8"))


@pytest.mark.parametrize("name", machines.FILES)
def test_the_files_are_as_the_settings_make_them(name):
    """Changed the settings? python -m deploy.machines."""
    assert (machines.FOLDER / name).read_text("utf-8") == machines.FILES[name]()


def script_files():
    """What the script writes, by the files' names."""
    found = re.findall(r"sudo tee (\S+) > /dev/null <<'END'\n(.*?)\nEND", SCRIPT.read_text(), re.S)
    return {path.rpartition("/")[2]: text for path, text in found}


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
    for name, value in {
        "DINO_HUB": str(tmp_path),
        "DINO_HUB_ROOT": str(settings.ROOT),
        "DINO_HUB_PORTS": "1 2 3",
        "DINO_HUB_PROXY": "proxy",
        "DINO_HUB_PASSWORD": "secret",
        "DINO_HUB_TOKEN": "token",
        "DINO_HUB_PASS": "",
    }.items():
        monkeypatch.setenv(name, value)
    return executed((machines.FOLDER / "jupyterhub_config.py").read_text("utf-8"))


def test_all_three_set_the_same_environment(local):
    script = executed(script_files()["dino.py"])
    assert script.Spawner.environment == VALUES["singleuser"]["extraEnv"] == settings.ENVIRONMENT
    assert local.Spawner.environment == settings.ENVIRONMENT


def test_all_three_set_the_same_limits(local):
    single, config = VALUES["singleuser"], tljh_config()
    assert single["memory"]["limit"] == config["limits"]["memory"] == local.Spawner.mem_limit
    assert single["memory"]["guarantee"] == local.Spawner.mem_guarantee
    assert single["cpu"]["limit"] == config["limits"]["cpu"] == local.Spawner.cpu_limit
    assert VALUES["cull"]["timeout"] == config["services"]["cull"]["timeout"] >= 2 * 3600
    script = executed(script_files()["dino.py"])
    assert single["startTimeout"] == script.Spawner.start_timeout == local.Spawner.start_timeout


def test_all_three_set_up_the_same_server_and_the_same_lab(tmp_path):
    files, single = script_files(), VALUES["singleuser"]["extraFiles"]
    server = json.loads(files["jupyter_server_config.json"])
    lab = json.loads(files["overrides.json"])
    assert server == single["server"]["data"] == settings.SERVER
    assert lab == single["lab"]["data"] == settings.LAB
    for file in single.values():
        assert file["mountPath"].rpartition("/")[2] in files
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


def test_the_script_is_a_script():
    subprocess.run(["bash", "-n", SCRIPT], check=True)
    text = SCRIPT.read_text()
    assert text.startswith("#!/bin/bash\n") and "\nset -euo pipefail\n" in text
    for package in settings.packages():
        brought = package.startswith(machines.TLJH_BRINGS)
        assert (f"'{package}'" in text) != brought


def test_the_script_run_with_commands_that_only_tell_writes_its_files(tmp_path):
    """All but the last: no sudo, no conda, no network; what is left is its own quoting."""
    fake = 'sudo() { if [ "$1" = tee ]; then shift; mkdir -p "$ROOT$(dirname "$1")"; '
    fake += 'cat > "$ROOT$1"; else echo "$@"; fi; }\ncd() { :; }\n'
    text = SCRIPT.read_text().replace("set -euo pipefail\n", "set -euo pipefail\n" + fake)
    done = subprocess.run(
        ["bash", "-c", text],
        env={"ROOT": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"tljh-config set limits.memory {settings.MEMORY_LIMIT}" in done.stdout
    assert "models.load_model" in done.stdout and done.stderr == ""
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
    a_hub = hub.Hub("http://127.0.0.1:1", "file:///x", "", "", None, SimpleNamespace(), None)
    assert "file%3A%2F%2F%2Fx" in a_hub.link()
