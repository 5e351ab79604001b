"""The hub on this machine; ``hub.py`` starts it and says in the environment where and how.

Read by JupyterHub, not by Python; on loopback only, each student a folder and no account.
"""

import json
import os
import sys
from pathlib import Path

told = json.loads(os.environ["DINO_HUB_SETTINGS"])
sys.path.insert(0, told["root"])

from deploy import parts, settings  # noqa: E402

c = get_config()  # noqa: F821  JupyterHub puts it here
folder = Path(told["folder"])
hub, api = told["ports"]

c.JupyterHub.bind_url = told["url"]
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = [str(parts.proxy(folder))]
c.ConfigurableHTTPProxy.pid_file = str(folder / "run" / "proxy.pid")
c.JupyterHub.cookie_secret_file = str(folder / "run" / "cookie_secret")
c.JupyterHub.db_url = f"sqlite:///{folder}/run/hub.sqlite"
c.JupyterHub.cleanup_servers = True  # the hub's end is the students' servers' end

# Any name, one password: told on the terminal, another one at each start.
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = told["password"]
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(folder / "home" / "{username}")
c.Spawner.cmd = [str(folder / "venv" / "bin" / "jupyterhub-singleuser")]
c.Spawner.args = ["--allow-root"] if os.getuid() == 0 else []
c.Spawner.ip = "127.0.0.1"
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = settings.START_SECONDS
c.Spawner.mem_guarantee, c.Spawner.mem_limit = settings.STUDENT["memory"].values()
c.Spawner.cpu_guarantee, c.Spawner.cpu_limit = settings.STUDENT["cpu"].values()
c.Spawner.environment = settings.ENVIRONMENT | told["students"]
c.JupyterHub.concurrent_spawn_limit = 64

# For deploy.load and the tests: students are made, and their servers used, over the hub's API.
c.JupyterHub.services = [{"name": "class", "api_token": told["token"]}]
scopes = ["admin:users", "admin:servers", "access:servers", "list:users"]
c.JupyterHub.load_roles = [{"name": "class", "services": ["class"], "scopes": scopes}]
