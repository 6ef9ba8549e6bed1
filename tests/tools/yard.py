"""A whole installation for tests, brought up by ``labyard up`` as anybody would."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import yaml

from labyard.cli.client import Client
from labyard.core.processes import PidFile
from tests.tools.person import Person
from tests.tools.places import free_block, free_ports

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"


class Yard:
    """One installation in a directory of its own.

    ``url`` is what people type, ``address`` the same on this machine. They differ where labs have host
    names of their own below ``named``, a name below ``localhost``, which browsers know by themselves.
    ``shared`` is the one that the session's tests share, once it is up.
    """

    shared: ClassVar[Yard | None] = None

    def __init__(self, directory: Path, *, named: str = "", **settings: Any) -> None:
        self.directory = directory
        self.installation = "t" + secrets.token_hex(4)
        edge, hub, service = free_ports(3)
        self.file = directory / "labyard.yaml"
        self.settings = _merged(
            {
                "installation": self.installation,
                "edge": {"port": edge},
                "hub": {"port": hub, "service_port": service},
                "network": {"block": free_block()},
                "engine": {"kind": "docker"},
                "labs": {"stop_grace": "2s"},
            },
            settings,
        )
        base = self.settings.get("base_url", "/").rstrip("/")
        self.address = f"http://127.0.0.1:{edge}{base}/"
        self.url = f"http://{named or '127.0.0.1'}:{edge}{base}/"
        if named:
            self.settings["external_url"] = self.url
            self.settings["edge"]["subdomains"] = True
        self.file.write_text(yaml.safe_dump(self.settings))
        self.data = directory / "var"
        self.emptied = True

    def labyard(
        self, *arguments: str, check: bool = True, input: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line on this installation."""
        done = subprocess.run(
            [sys.executable, "-m", "labyard.cli.main", *arguments],
            cwd=self.directory,
            env={**os.environ, "LABYARD_CONFIG": str(self.file), **environment},
            capture_output=True,
            text=True,
            check=False,
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            timeout=300,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"labyard {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done

    def up(self, **environment: str) -> None:
        """Bring it up, or find it up."""
        self.emptied = False
        self.labyard("up", **environment)

    def down(self, *, labs: bool = False) -> None:
        """Stop hub and proxy, and the labs too when asked."""
        self.labyard("down", *(["--labs"] if labs else []))
        self.emptied = labs

    @property
    def runs(self) -> bool:
        """Return whether its hub runs."""
        return PidFile(self.data / "run" / "hub.pid").pid() is not None

    def bootstrap(self, name: str = "admin") -> Person:
        """Make the first admin with the bootstrap secret, which signs in as well."""
        secret = (self.data / "secrets" / "bootstrap").read_text().strip()
        admin = self.person(name)
        admin.sign_up(PASSWORD, bootstrap=secret)
        assert admin.signed_in
        return admin

    def person(self, name: str) -> Person:
        """Return a person with a browser of their own, not signed in."""
        return Person(self.address, name)

    def member(self, name: str) -> Person:
        """Return a person with an approved account, signed in."""
        person = self.person(name)
        person.sign_up(PASSWORD)
        self._client().hub("POST", "labyard", "accounts", name, "approve")
        answer = person.sign_in(PASSWORD)
        assert answer.status_code == 302, (
            f"{name} cannot sign in: is the name somebody else's here?"
        )
        return person

    def people(self) -> set[str]:
        """Return the names of all whom the hub knows."""
        return {user["name"] for user in self._client().pages("users")}

    def _client(self) -> Client:
        """Ask as the command line does, without starting one."""
        token = (self.data / "secrets" / "cli.token").read_text().strip()
        return Client(self.address, token, host=urlsplit(self.url).netloc)

    def user_id(self, name: str) -> int:
        """Return the number by which the hub knows a person, which labels carry."""
        with closing(sqlite3.connect(self.data / "labyard.sqlite")) as database:
            found = database.execute("select id from users where name = ?", (name,)).fetchone()
        return int(found[0])

    def pid(self, process: str) -> int:
        """Return the process id of ``hub`` or of the edge's proxy."""
        return int(json.loads((self.data / "run" / f"{process}.pid").read_text())["pid"])

    def log(self, process: str = "hub") -> str:
        """Return what a process wrote."""
        return (self.data / "log" / f"{process}.log").read_text(errors="replace")


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in over.items():
        old = both.get(key)
        both[key] = (
            _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return both
