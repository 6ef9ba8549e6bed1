"""A real directory for tests: OpenLDAP's slapd, a process of its own on loopback."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ldap3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tools.places import free_ports

BASE = "dc=example,dc=org"
SERVICE, SECRET = f"cn=labyard,{BASE}", "the-service's-secret"
_SCHEMA = "/etc/ldap/schema"
_CONFIG = """
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/nis.schema
include {schema}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {home}/slapd.pid
TLSCertificateFile {home}/server.pem
TLSCertificateKeyFile {home}/server.key
security simple_bind={secure}
database mdb
directory {home}/data
maxsize 10485760
suffix "{base}"
rootdn "{service}"
rootpw {secret}
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""


@dataclass
class Slapd:
    """One running directory below ``home``. ``tls`` demands TLS before any password."""

    home: Path
    tls: bool = True
    ports: list[int] = field(default_factory=lambda: free_ports(2))
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"ldap://localhost:{self.ports[0]}"

    @property
    def tls_address(self) -> str:
        return f"ldaps://localhost:{self.ports[1]}"

    @property
    def ca(self) -> Path:
        return self.home / "ca.pem"

    def start(self) -> None:
        """Start it; it listens when this returns."""
        (self.home / "data").mkdir(parents=True, exist_ok=True)
        if not self.ca.exists():
            certify(self.home)
        told = {"schema": _SCHEMA, "home": self.home, "base": BASE, "service": SERVICE}
        secure = 128 if self.tls else 0
        config = self.home / "slapd.conf"
        config.write_text(_CONFIG.format(secure=secure, secret=SECRET, **told))
        urls = f"ldap://127.0.0.1:{self.ports[0]} ldaps://127.0.0.1:{self.ports[1]}"
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/slapd", "-d", "0", "-f", str(config), "-h", urls],
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _wait(self) -> None:
        assert self.process is not None
        for _ in range(600):
            assert self.process.poll() is None, (self.home / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.ports[0]), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("slapd never listened")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    @contextmanager
    def hands(self) -> Iterator[ldap3.Connection]:
        """Give a connection that may write."""
        tls = ldap3.Tls(ca_certs_file=str(self.ca))
        server = ldap3.Server("localhost", self.ports[1], use_ssl=True, tls=tls)
        with ldap3.Connection(server, SERVICE, SECRET, raise_exceptions=True) as connection:
            yield connection

    def fill(self, people: Mapping[str, str], groups: Mapping[str, Sequence[str]]) -> None:
        """Add people with their passwords, and groups with their members."""
        with self.hands() as hands:
            hands.add(BASE, ["dcObject", "organization"], {"dc": "example", "o": "Example"})
            for unit in ("people", "groups"):
                hands.add(f"ou={unit},{BASE}", "organizationalUnit", {"ou": unit})
            for name, password in people.items():
                said = {"cn": name, "sn": name, "userPassword": password}
                hands.add(person(name), "inetOrgPerson", said)
            for group, members in groups.items():
                hands.add(
                    f"cn={group},ou=groups,{BASE}",
                    "groupOfNames",
                    {"member": [*map(person, members)]},
                )


def person(name: str) -> str:
    """Return somebody's place in the directory."""
    return f"uid={name},ou=people,{BASE}"


def certify(home: Path) -> None:
    """Make an authority, ``ca.pem``, and a server's certificate for ``localhost`` by it."""
    now = datetime.now(UTC)

    def certificate(
        name: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, ca: bool
    ) -> x509.Certificate:
        def called(name: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

        return (
            x509.CertificateBuilder()
            .subject_name(called(name))
            .issuer_name(called("Test authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(by, hashes.SHA256())
        )

    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    pem = serialization.Encoding.PEM
    made = certificate("Test authority", authority, authority, ca=True)
    (home / "ca.pem").write_bytes(made.public_bytes(pem))
    made = certificate("localhost", server, authority, ca=False)
    (home / "server.pem").write_bytes(made.public_bytes(pem))
    plain = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    (home / "server.key").write_bytes(server.private_bytes(pem, plain[1], plain[0]))
