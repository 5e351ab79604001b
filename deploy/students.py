"""A student of a hub, by its API: logs in, pulls the lessons, runs cells in a kernel."""

import asyncio
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from . import settings

WEBSOCKET_LARGEST = 2**30
RECONNECTS = 5  # JupyterLab connects again, too
WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_SECONDS = 600  # a busy machine with many students on it


class HubError(RuntimeError):
    """The hub, a student's server or a kernel gave another answer than it should."""


@dataclass
class Cell:
    """What came of one code cell."""

    source: str
    text: str = ""  # printed, and results as text; nothing of pictures, pages and widgets
    pictures: list = field(default_factory=list)  # when each came (time.monotonic), or a widget
    error: str | None = None

    def take(self, kind, content):
        """Note one message of the kernel's."""
        if kind == "stream":
            self.text += content["text"]
        elif kind in ("execute_result", "display_data"):
            data = content["data"]
            image = any(kind.startswith("image/") for kind in data)
            if image or WIDGET in data:
                self.pictures.append(time.monotonic())
            if not image and "text/html" not in data and WIDGET not in data:
                self.text += data.get("text/plain", "")
        elif kind == "error":
            self.error = f"{content['ename']}: {content['evalue']}"


class Student:
    """One student of a hub."""

    def __init__(self, hub, name):
        """``hub`` has ``url``, ``token`` and ``repository``; see ``hub.Hub``."""
        AsyncHTTPClient.configure(None, max_clients=1000)
        self.hub, self.name = hub, name
        self.me, self.home = f"/hub/api/users/{name}", f"/user/{name}"
        self.folder = f"{settings.NAME}/notebooks"
        self.headers = {"Authorization": f"token {hub.token}"}

    async def ask(self, method, path, body=None, ok=(200, 201, 202, 204)):
        """One request, as JSON."""
        request = HTTPRequest(
            self.hub.url + path,
            method,
            headers=self.headers | {"Content-Type": "application/json"},
            body=None if body is None and method in ("GET", "DELETE") else json.dumps(body or {}),
            allow_nonstandard_methods=True,
            connect_timeout=60,
            request_timeout=settings.START_SECONDS,
        )
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        if answer.code not in ok:
            raise HubError(f"{method} {path}: {answer.code} {answer.body[:300]!r}")
        told = "json" in answer.headers.get("Content-Type", "") and answer.body
        return json.loads(answer.body) if told else answer.body

    async def log_in(self):
        """Have a server that is ready."""
        await self.ask("POST", self.me, ok=(201, 409))  # 409: has been here before
        await self.ask("POST", f"{self.me}/server", ok=(201, 202, 400))  # 400: it runs
        end = time.monotonic() + settings.START_SECONDS
        while not (await self.ask("GET", self.me))["servers"].get("", {}).get("ready"):
            if time.monotonic() > end:
                raise HubError(f"no server for {self.name}")
            await asyncio.sleep(0.3)

    async def follow_link(self):
        """What the link does: pull the lessons, or the teacher's changes to them."""
        asked = urlsplit(self.hub.link()).query  # what JupyterLab is to show is passed over
        said = await self.ask("GET", f"{self.home}/git-pull/api?{asked}")
        if b'"finished"' not in said:
            raise HubError(said[-500:].decode())

    async def log_out(self):
        """End the server, as its culling or the end of a day does."""
        await self.ask("DELETE", f"{self.me}/server", ok=(202, 204, 400, 404))
        while (await self.ask("GET", self.me))["servers"]:
            await asyncio.sleep(0.3)

    async def lesson(self, name):
        """Sources of the code cells of a lesson, and its path."""
        path = f"{self.folder}/{name}.ipynb"
        found = await self.ask("GET", f"{self.home}/api/contents/{path}?content=1")
        cells = found["content"]["cells"]
        return path, [c["source"] for c in cells if c["cell_type"] == "code"]

    async def open(self, path):
        """A kernel for a notebook, that has answered."""
        wanted = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        session = await self.ask("POST", f"{self.home}/api/sessions", wanted)
        return await Kernel(self, session).connect()


class Kernel:
    """A kernel that a student has opened, over the WebSocket that a browser would use."""

    def __init__(self, student, session):
        self.student, self.session = student, session
        self.own = uuid.uuid4().hex
        self.path = f"{student.home}/api/kernels/{session['kernel']['id']}"

    async def connect(self):
        await self._open()
        said = await self.run("import os as _os; print('pid', _os.getpid())")
        self.pid = int(re.search(r"pid (\d+)", said.text)[1])
        return self

    async def _open(self):
        url = self.student.hub.url.replace("http", "ws", 1) + self.path
        request = HTTPRequest(
            f"{url}/channels?session_id={self.own}",
            headers=self.student.headers,
            connect_timeout=settings.START_SECONDS,
            request_timeout=settings.START_SECONDS,
        )
        self.socket = await websocket_connect(request, max_message_size=WEBSOCKET_LARGEST)

    async def run(self, source):
        """Run one cell; returns its ``Cell`` when the kernel is idle again."""
        cell, message = Cell(source), uuid.uuid4().hex
        header = {"msg_id": message, "msg_type": "execute_request", "session": self.own}
        header |= {"username": self.student.name, "version": "5.3", "date": ""}
        content = {"code": source, "silent": False, "store_history": True, "stop_on_error": True}
        content |= {"user_expressions": {}, "allow_stdin": False}
        request = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self.socket.write_message(json.dumps(request | {"channel": "shell", "buffers": []}))
        waiting, again = {"reply", "idle"}, RECONNECTS
        while waiting:
            text = await asyncio.wait_for(self.socket.read_message(), CELL_SECONDS)
            if text is None:  # a server too busy to answer pings; it keeps messages for a while
                again -= 1
                if not again:
                    raise HubError("the kernel's WebSocket was closed")
                await self._open()
            said = json.loads(text) if isinstance(text, str) else {}  # or buffers of a widget
            if (said.get("parent_header") or {}).get("msg_id") != message:
                continue
            if said["msg_type"] == "execute_reply":
                waiting.discard("reply")
            elif said["content"].get("execution_state") == "idle":
                waiting.discard("idle")
            cell.take(said["msg_type"], said["content"])
        return cell

    async def restart(self):
        """What the button does; returns when the new kernel answers."""
        await self.student.ask("POST", f"{self.path}/restart")
        self.socket.close()
        return await self.connect()

    async def shut_down(self):
        self.socket.close()
        await self.student.ask("DELETE", f"{self.student.home}/api/sessions/{self.session['id']}")
