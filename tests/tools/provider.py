"""A real OpenID provider for tests: npm's ``oidc-provider`` on Casdoor's paths, run by the house's Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from labyard.edge.install import node_and_npm
from labyard.wiring.ground import BUILD
from tests.tools.places import free_ports

_HERE = Path(__file__).with_name("oidc")
SECRET = "the-secret-of-the-client"


def installed() -> Path:
    """Install the provider from its lock, unless that is done; return the folder it runs in."""
    parts = [_HERE / name for name in ("package.json", "package-lock.json", "provider.mjs")]
    digest = sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:16]
    home = BUILD / f"oidc-provider-{digest}"
    if home.exists():
        return home
    node, npm = node_and_npm()
    making = BUILD / f"oidc-provider-{digest}.{os.getpid()}"
    making.mkdir(parents=True)
    for part in parts:
        shutil.copyfile(part, making / part.name)
    subprocess.run(
        [node, npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=making,
        env={**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.defpath}"},
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=300,
    )
    try:
        making.rename(home)
    except OSError:  # somebody else was faster
        shutil.rmtree(making)
    return home


@dataclass
class Provider:
    """One running provider. ``people`` are claims by subject; :meth:`say` changes them."""

    directory: Path
    callbacks: list[str]
    tls: dict[str, str] | None = None
    port: int = field(default_factory=lambda: free_ports(1)[0])
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    def start(self) -> None:
        """Start it; it listens when this returns."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._write()
        clients = [
            {
                "client_id": name,
                "client_secret": SECRET,
                "redirect_uris": self.callbacks,
                "post_logout_redirect_uris": [_login(one) for one in self.callbacks],
                "grant_types": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_method": "client_secret_post",
            }
            for name in ("labyard", "late")
        ]
        told = {"port": self.port, "people": str(self._file), "clients": clients}
        if self.tls:
            told["tls"] = self.tls
        (self.directory / "config.json").write_text(json.dumps(told))
        node, _ = node_and_npm()
        self.process = subprocess.Popen(
            [node, str(installed() / "provider.mjs"), str(self.directory / "config.json")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.directory / "log").open("w"),
            text=True,
        )
        assert self.process.stdout is not None
        lines = iter(self.process.stdout.readline, "")
        assert any("listens" in line for line in lines), (self.directory / "log").read_text()

    def stop(self) -> None:
        """End it. What it gave out is worthless then: it remembers nothing."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                assert pipe is not None
                pipe.close()
            self.process = None

    def say(self, subject: str, name: str, **claims: Any) -> None:
        """Let it say something else of somebody from now on."""
        self.people[subject] = {"preferred_username": name, **claims}
        self._write()

    def forget(self, subject: str) -> None:
        """Let it know somebody no more."""
        del self.people[subject]
        self._write()

    def sign_in(
        self, browser: requests.Session, begin: str, who: str, **query: str
    ) -> requests.Response:
        """Follow a sign-in from the address it begins at, as ``who``; return what the hub answers.

        That is the answer to the request with the code, which ``browser`` has not followed further.
        """
        return browser.get(self.code(browser, begin, who, **query), allow_redirects=False)

    def code(self, browser: requests.Session, begin: str, who: str, **query: str) -> str:
        """Return the address at the hub that the provider sends somebody back to."""
        answer = browser.get(begin, params=query, allow_redirects=False)
        hub = urljoin(begin, "/")
        while True:
            assert answer.status_code in (302, 303), answer.text
            where = urljoin(answer.url, answer.headers["Location"])
            if where.startswith(hub):
                return where
            if "/sign-in/" in where:
                where += "?refuse=1" if who == "refuse" else f"?who={who}"
            answer = browser.get(where, allow_redirects=False)

    @property
    def _file(self) -> Path:
        return self.directory / "people.json"

    def _write(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self.people))
        fresh.replace(self._file)


def certificate(directory: Path) -> dict[str, str]:
    """Make a certificate for ``localhost`` that nobody trusts; return the paths of ``key`` and ``cert``."""
    directory.mkdir(parents=True, exist_ok=True)
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    key, cert = directory / "key.pem", directory / "cert.pem"
    key.write_bytes(private.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    cert.write_bytes(made.public_bytes(pem))
    return {"key": str(key), "cert": str(cert)}


def _login(callback: str) -> str:
    return callback.partition("/hub/")[0] + "/hub/login"


if __name__ == "__main__":
    installed()
