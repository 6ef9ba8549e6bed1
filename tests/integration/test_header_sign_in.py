"""Sign-in by a trusted proxy's header: the proxy is believed, and nobody else however it is written."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import docker
import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.tools.person import Person, eventually
from tests.tools.yard import PASSWORD, Yard

PROXY, CLIENT = "127.0.0.2", "203.0.113.9"
ROLE = {"isMemberOf": "other;labs:users"}
ARRIVE = "hub/ways/header"

# Lines as no client library sends them.
FORGED = (
    b"X-SSO-Name: admin",
    b"x-sso-name:admin",
    b"X_SSO_NAME: admin",
    b"X-SSO_Name: admin",
    b"X.SSO.Name: admin",
    b"X-SSO-Name: nobody\r\nX-SSO-Name: admin",
    b"X-SSO-Name: admin\r\nConnection: X-SSO-Name, X-Forwarded-For, isMemberOf",
    b"X-SSO-Name: admin\r\nX-Labyard-Edge: admin",
    b"X-SSO-Name: admin\r\nX_Labyard_Edge: admin",
    b"Remote-User: admin\r\nX-Forwarded-User: admin",
    b"X-SSO-Name : admin",
    b"X-SSO-Name\x00: admin",
)
WHERE = b"X-Forwarded-For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6"
# A lab has Python, and no client that would write such lines.
SEND = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) as sent:
    sent.sendall(bytes.fromhex(sys.argv[3]))
    sys.stdout.buffer.write(sent.recv(4096))
"""


class _From(HTTPAdapter):
    """Connects from an address of this machine's own."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, source_address=(PROXY, 0))


class Proxied(Person):
    """Somebody whom the proxy before the edge names."""

    def __init__(self, url: str, name: str, **headers: str) -> None:
        super().__init__(url, name)
        self.http.mount("http://", _From())
        self.http.headers.update({"X-Forwarded-For": CLIENT, **headers})

    def arrive(self, query: str = "") -> requests.Response:
        return self.get(ARRIVE + query, allow_redirects=False)


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard]) -> Iterator[Yard]:
    header = {
        "name": "X-SSO-Name",
        "role_header": "isMemberOf",
        "required_role": "labs:users",
        "new_accounts": "approve",
        "missing_user_redirect": "https://sso.example.org/in",
    }
    auth = {"header": header, "blocked": ["header-bad"]}
    yard = make_yard(edge={"trusted_proxies": [PROXY]}, auth=auth)
    yard.up()
    yard.bootstrap()
    return yard


def request(line: bytes) -> bytes:
    head = b"GET /%b HTTP/1.1\r\nHost: x\r\nisMemberOf: labs:users\r\n" % ARRIVE.encode()
    return head + line + b"\r\n" + WHERE + b"\r\nConnection: close\r\n\r\n"


def raw(address: tuple[str, int], sent: bytes) -> bytes:
    with socket.create_connection(address, 20) as connection:
        connection.sendall(sent)
        return connection.recv(65536)


def let_in(answer: bytes) -> bool:
    return not answer.startswith((b"HTTP/1.1 302 ", b"HTTP/1.1 400 ")) or (
        b"sso.example.org" not in answer and b"HTTP/1.1 302" in answer
    )


def audited(yard: Yard, outcome: str) -> set[tuple[str, str]]:
    """Return who signed in by the header, or tried to, and from where, as the audit has it."""
    query = "select target, address, details from labyard_audit where action = ? and outcome = ?"
    with closing(sqlite3.connect(yard.data / "labyard.sqlite")) as database:
        rows = database.execute(query, ("sign-in", outcome)).fetchall()
    return {(who, address) for who, address, details in rows if '"header"' in details}


def test_the_proxy_is_believed_and_says_where_from(place: Yard) -> None:
    anna = Proxied(place.address, "header-anna", **{"X-SSO-Name": "Header-Anna"}, **ROLE)
    assert not anna.signed_in
    answer = anna.arrive("?next=%2Fhub%2Ftoken")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/hub/token")
    assert anna.signed_in
    eventually(lambda: audited(place, "done") == {("header-anna", CLIENT)}, 60, "the audit")
    elsewhere = anna.arrive("?next=https%3A%2F%2Fevil.example%2F")
    assert elsewhere.headers["Location"].startswith("/")


def test_whom_it_does_not_name_and_who_lacks_the_role(place: Yard) -> None:
    nobody = Proxied(place.address, "nobody", **ROLE)
    assert nobody.arrive().headers["Location"] == "https://sso.example.org/in"
    for roles in ("labs:users2", "xlabs:users", ""):
        lacking = Proxied(
            place.address, "x", **{"X-SSO-Name": "header-lacking", "isMemberOf": roles}
        )
        answer = lacking.arrive()
        assert answer.status_code == 403
        assert "labs:users" in answer.text
        assert not lacking.signed_in
    bad = Proxied(place.address, "x", **{"X-SSO-Name": "header-bad"}, **ROLE)
    assert bad.arrive().status_code == 403
    assert not bad.signed_in


def test_it_gives_nobody_an_account_that_was_somebodys(place: Yard) -> None:
    for name in ("admin", place.member("header-carl").name):
        taken = Proxied(place.address, name, **{"X-SSO-Name": name}, **ROLE)
        answer = taken.arrive()
        assert answer.status_code == 403
        assert "nothing says that it is yours" in answer.text
        assert not taken.signed_in


def test_nobody_else_is_believed_however_it_is_written(
    place: Yard, engine_client: docker.DockerClient
) -> None:
    owner = place.member("headerlab")
    owner.run()
    (lab,) = engine_client.containers.list(filters={"name": f"{place.installation}-headerlab"})
    found = dict(entry.split("=", 1) for entry in lab.attrs["Config"]["Env"])
    hub = urlsplit(found["JUPYTERHUB_API_URL"])
    assert hub.hostname
    edge = urlsplit(place.address)
    before = len(place.log())
    for line in FORGED:
        sent = request(line)
        for address in ((edge.hostname, edge.port), (hub.hostname, hub.port)):
            assert not let_in(raw(address, sent)), (line, address)
        done = lab.exec_run(["python3", "-c", SEND, hub.hostname, str(hub.port), sent.hex()])
        assert done.exit_code == 0
        assert not let_in(done.output), line
    said = place.log()[before:]
    assert "6.6.6.6" not in said
    lab.reload()
    (network,) = lab.attrs["NetworkSettings"]["Networks"].values()
    true = {"127.0.0.1", hub.hostname, network["IPAddress"]}
    tried = {("", address) for address in true}

    def told() -> set[tuple[str, str]]:
        return {pair for pair in audited(place, "refused") if pair[1] != CLIENT}

    eventually(lambda: tried <= told() | {("", hub.hostname)}, 60, "the audit")
    assert told() <= tried


def test_a_password_is_another_way_in(place: Yard) -> None:
    admin = place.person("admin")
    assert "Sign in with single sign-on" in admin.get("hub/login").text
    admin.sign_in(PASSWORD)
    assert admin.signed_in
