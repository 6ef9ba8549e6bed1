"""A notebook's kernel in a lab, over one WebSocket that stays open."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack
from typing import Any
from urllib.parse import urljoin

from websockets.sync.client import connect

from tests.tools.person import Person


class Kernel:
    """A Python kernel of a person's running lab."""

    def __init__(self, person: Person, server: str = "") -> None:
        person.lab("lab", server)
        base = urljoin(person.url, person.server_path(server))
        token = person.xsrf(person.server_path(server))
        answer = person.http.post(
            f"{base}api/kernels",
            json={"path": "any.ipynb"},
            headers={"X-XSRFToken": token},
            timeout=60,
        )
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["id"]
        channels = base.replace("http", "ws", 1) + f"api/kernels/{self.id}/channels"
        cookies = person.http.cookies
        request = person.http.prepare_request(_request(f"{base}api/kernels"))
        assert cookies
        self._open = ExitStack()
        connection = connect(
            channels,
            additional_headers={"Cookie": str(request.headers["Cookie"])},
            open_timeout=30,
            max_size=None,
        )
        self.socket = self._open.enter_context(connection)

    def send(self, code: str) -> str:
        """Ask for code to be run, wait for nothing, and return the message's id."""
        id = uuid.uuid4().hex
        message = {
            "header": {
                "msg_id": id,
                "msg_type": "execute_request",
                "username": "",
                "session": uuid.uuid4().hex,
                "version": "5.3",
            },
            "parent_header": {},
            "metadata": {},
            "content": {"code": code, "silent": False},
            "channel": "shell",
            "buffers": [],
        }
        self.socket.send(json.dumps(message))
        return id

    def run(self, code: str, timeout: float = 60) -> str:
        """Run code and return what it printed; fail on an exception in it."""
        id = self.send(code)
        printed = ""
        while True:
            answer: dict[str, Any] = json.loads(self.socket.recv(timeout))
            if answer["parent_header"].get("msg_id") != id:
                continue
            kind, content = answer["msg_type"], answer["content"]
            if kind == "stream":
                printed += content["text"]
            elif kind == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                return printed.strip()

    def close(self) -> None:
        """Close the WebSocket; the kernel goes on."""
        self._open.close()


def _request(url: str) -> Any:
    import requests

    return requests.Request("GET", url)
