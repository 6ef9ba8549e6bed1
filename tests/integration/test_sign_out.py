"""Who is signed out is out: pages, tokens, the lab, and what was open through the proxy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.tools.kernel import Kernel
from tests.tools.person import Person, eventually
from tests.tools.yard import PASSWORD, Yard

WITHIN = 15.0  # seconds: cut, not run out: JupyterHub itself would let people in for 5 minutes
NEW = "another horse battery"


@dataclass
class Victim:
    """Somebody at work on two devices, with an API token and an open kernel."""

    desk: Person
    phone: Person
    kernel: Kernel
    token: str

    def let_in(self) -> list[str]:
        """Return what still lets somebody in, of all that did."""
        return [what for what, works in self._ways() if works]

    def _ways(self) -> Iterator[tuple[str, bool]]:
        for device, person in (("desk", self.desk), ("phone", self.phone)):
            yield f"{device}: hub", _ok(person, "hub/home")
            yield f"{device}: lab", _ok(person, person.server_path() + "api/contents")
            yield f"{device}: pages", _ok(person, "services/labyard/api/servers")
        for path in (
            "hub/api/user",
            f"{self.desk.server_path()}api/contents",
            "services/labyard/api/servers",
        ):
            answer = requests.get(
                urljoin(self.desk.url, path),
                headers={"Authorization": f"token {self.token}"},
                allow_redirects=False,
                timeout=20,
            )
            yield f"token: {path}", answer.status_code == 200

    def kernel_open(self) -> bool:
        """Return whether the kernel's WebSocket still carries anything."""
        try:
            self.kernel.socket.ping().wait(0.5)
            self.kernel.socket.recv(0)
        except TimeoutError:
            return True
        except ConnectionClosed:
            return False
        return True


def _ok(person: Person, path: str) -> bool:
    return person.get(path, allow_redirects=False).status_code == 200


@pytest.fixture
def victim(yard: Yard, admin: Person, request: pytest.FixtureRequest) -> Iterator[Victim]:
    name = "out-" + request.node.name.removeprefix("test_")[:24].strip("_").replace("_", "-")
    desk, phone = yard.member(name), yard.person(name)
    phone.sign_in(PASSWORD)
    desk.run()
    for person in (desk, phone):
        person.get("services/labyard/")
        person.lab("lab")
    someone = Victim(desk, phone, Kernel(phone), desk.token)
    assert someone.kernel.run("print(6 * 7)") == "42"
    assert len(someone.let_in()) == 9
    yield someone
    someone.kernel.close()
    yard.labyard("users", "remove", name, "--yes", check=False)


def _cut(victim: Victim, *, but: str = "nobody") -> None:
    """See everything end within the promised time, but what is excepted."""
    over = time.monotonic() + WITHIN
    eventually(lambda: not victim.kernel_open(), WITHIN, "the WebSocket is cut")
    while left := [way for way in victim.let_in() if not way.startswith(but)]:
        assert time.monotonic() < over, f"after {WITHIN} s this still lets in: {left}"


def test_a_withdrawn_account_is_out_at_once(yard: Yard, admin: Person, victim: Victim) -> None:
    answer = admin.api("POST", f"labyard/accounts/{victim.desk.name}/withdraw")
    assert answer.status_code == 200, answer.text
    _cut(victim)
    assert victim.desk.sign_in(PASSWORD).status_code == 403
    listed = yard.labyard("servers", "list", "--json").stdout
    assert f'"{victim.desk.name}"' not in listed or '"running"' not in listed


def _computes(person: Person) -> bool:
    try:
        kernel = Kernel(person)
        answer = kernel.run("print(2 + 2)")
        kernel.close()
    except ConnectionClosed:
        return False
    except InvalidStatus as error:
        if error.response.status_code != 502:  # cut while it was opened
            raise
        return False
    return answer == "4"


def test_a_changed_password_cuts_all_but_the_lab(victim: Victim) -> None:
    answer = victim.desk.submit(
        "hub/password", {"current": PASSWORD, "password": NEW, "confirm": NEW}
    )
    assert "Changed" in answer.text
    _cut(victim, but="desk: hub")  # this browser got a new cookie
    assert victim.desk.signed_in
    assert victim.desk.ready()
    assert victim.desk.lab("lab").status_code == 200
    # What is opened at once may still meet the second cut, which ends what the lab's cache let in.
    eventually(lambda: _computes(victim.desk), 60, "a kernel of the new session answers")


def test_a_new_code_cuts_all_but_the_lab(admin: Person, victim: Victim) -> None:
    answer = admin.api("POST", f"labyard/accounts/{victim.desk.name}/password")
    assert answer.status_code == 200, answer.text
    _cut(victim)
    assert admin.api("GET", f"users/{victim.desk.name}").json()["servers"][""]["ready"]
