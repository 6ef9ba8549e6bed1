"""A hub that many people use: rows in its database, and running labs that cost next to nothing.

Labs are processes of the local engine that answer every request with nothing. To hub, service and
proxy they are labs like any other: started by a real spawn, polled, routed, surveyed.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import aiohttp
import requests

from tests.tools.person import Person
from tests.tools.yard import PASSWORD, Yard

USERS, LABS = 2000, 200
_AT_ONCE = 8
_CHUNK = 250
_CHEAP = r'''
from dataclasses import replace

PROGRAM = """
import socket, sys
ANSWER = (
    b"HTTP/1.1 200 OK\\r\\nX-JupyterHub-Version: VERSION\\r\\n"
    b"Content-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
)
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
while True:
    one, _ = listening.accept()
    one.recv(65536)
    one.sendall(ANSWER)
    one.close()
"""

def cheap(spawner, plan):
    return replace(plan, command=("python3", "-I", "-S", "-c", PROGRAM, str(plan.port)))

c.LabSpawner.plan_hook = cheap
'''


class Crowded:
    """An installation with ``users`` people, ``labs`` of whom have a running lab."""

    def __init__(self, directory: Path, users: int = USERS, labs: int = LABS) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.yard = Yard(directory, engine={"kind": "local"})
        self.names = [f"person{n:04}" for n in range(users)]
        self.busy = self.names[:labs]
        self.admin: Person
        self.url = self.yard.url

    def up(self) -> None:
        """Bring it up and fill it."""
        site = self.yard.directory / "jupyterhub_config.d"
        site.mkdir()
        (site / "cheap.py").write_text(_CHEAP.replace("VERSION", version("jupyterhub")))
        self.yard.up()
        self.admin = self.yard.bootstrap()
        self.yard.member("viewer").run()
        asyncio.run(self._fill())

    def down(self) -> None:
        """Stop it with all its labs, and remove what it kept."""
        self.yard.down(labs=True)
        shutil.rmtree(Path("/var/lib/labyard") / self.yard.installation, ignore_errors=True)

    @property
    def password(self) -> str:
        """Return the password of ``viewer``, who has a running lab and signs in by form."""
        return PASSWORD

    def admin_cookie(self) -> str:
        """Return what the administrator's browser sends to the hub's pages."""
        page = requests.Request("GET", f"{self.url}hub/admin")
        return str(self.admin.http.prepare_request(page).headers["Cookie"])

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Give a client that asks the hub's API as the command line does."""
        token = (self.yard.data / "secrets/cli.token").read_text().strip()
        async with aiohttp.ClientSession(
            f"{self.url}hub/api/",
            headers={"Authorization": f"token {token}"},
            timeout=aiohttp.ClientTimeout(total=600),
        ) as session:
            yield session

    async def _fill(self) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)
        async with self.asking() as hub:
            for at in range(0, len(self.names), _CHUNK):
                await _done(hub, "users", {"usernames": self.names[at : at + _CHUNK]})

            async def start(name: str) -> None:
                async with gate:
                    await _done(hub, f"users/{name}/server")

            await asyncio.gather(*map(start, self.busy))
            for _ in range(600):
                if await _running(hub) >= len(self.busy):
                    return
                await asyncio.sleep(0.5)
        raise RuntimeError("not every lab came up")

    async def tokens(self) -> dict[str, str]:
        """Return a token of each person with a running lab, by name."""
        async with self.asking() as hub:
            made = {}
            for name in self.busy:
                answer = await _done(hub, f"users/{name}/tokens", {"note": "bench"})
                made[name] = str(answer["token"])
        return made


async def _done(hub: aiohttp.ClientSession, path: str, body: object = None) -> dict[str, str]:
    async with hub.post(path, json=body) as answer:
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {await answer.text()}")
        found = await answer.json(content_type=None) if answer.status != 202 else {}
        return found if isinstance(found, dict) else {}


async def _running(hub: aiohttp.ClientSession) -> int:
    headers = {"Accept": "application/jupyterhub-pagination+json"}
    async with hub.get("users?state=ready&limit=1", headers=headers) as answer:
        return int((await answer.json(content_type=None))["_pagination"]["total"])
