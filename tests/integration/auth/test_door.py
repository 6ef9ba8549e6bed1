"""The first administrator, limits, a crowd, and hostile input, through a real hub."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests

from labyard.auth import bootstrap, codes

from .conftest import PASSWORD, Browser, Hub

# -- the first administrator --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fresh(hubs: Callable[..., Hub]) -> Hub:
    """A hub without an administrator."""
    return hubs()


def test_the_first_visitor_cannot_become_administrator(fresh: Hub) -> None:
    stranger = fresh.browser("203.0.113.66")
    assert stranger.sign_up("admin").status_code == 400
    assert stranger.sign_in("admin").status_code == 403
    for secret in ("", "admin", "aaaa-aaaa-aaaa-aaaa-aaaa"):
        fields = {"username": "admin", "password": PASSWORD, "confirm": PASSWORD}
        assert stranger.submit("bootstrap", secret=secret, **fields).status_code == 403
    invited = {"username": "admin", "password": PASSWORD, "confirm": PASSWORD, "code": "x"}
    assert stranger.submit("invitation", **invited).status_code == 403
    assert not stranger.signed_in


def test_the_secret_makes_the_administrator_once(fresh: Hub) -> None:
    secret = bootstrap.ensure(fresh.paths, fresh.accounts(), "admin") or ""
    assert "no administrator yet" in fresh.browser().open("login").text
    browser = fresh.browser("203.0.113.7")
    fields = {"username": "admin", "password": PASSWORD, "confirm": PASSWORD}
    assert browser.submit("bootstrap", secret=secret, **fields).status_code == 303
    assert browser.open("admin").status_code == 200
    assert not fresh.paths.secret("bootstrap").exists()
    assert "no administrator yet" not in fresh.browser().open("login").text
    again = fresh.browser().open("bootstrap")
    assert (again.status_code, again.headers["Location"]) == (302, "/hub/login")
    assert secret not in fresh.log


# -- limits -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(hubs: Callable[..., Hub]) -> Hub:
    """A hub with narrow limits that hardly leak while a test runs."""
    hub = hubs(per_address=8, per_name=4, window=36_000.0)
    hub.bootstrap()
    return hub


def fail(hub: Hub, name: str, address: str, times: int) -> list[int]:
    browser = hub.browser(address)
    return [browser.sign_in(name, "wrong").status_code for _ in range(times)]


def test_a_name_is_limited_for_each_network(strict: Hub) -> None:
    assert fail(strict, "admin", "192.0.2.1", 6) == [403] * 4 + [429] * 2
    answer = strict.browser("192.0.2.2").sign_in("admin")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 60
    assert "Too many attempts from here." in answer.text


def test_nobody_can_lock_an_administrator_out(strict: Hub) -> None:
    home = strict.browser("192.0.2.130")
    assert strict.browser("198.51.100.9").sign_in("admin").status_code == 302
    known = strict.browser("198.51.100.10")
    assert known.sign_in("admin").status_code == 302
    for number in range(10):
        fail(strict, "admin", f"10.{number}.0.1", 5)
    assert fail(strict, "admin", "198.51.100.10", 5)[-1] == 429
    known.open("logout")
    assert not known.signed_in
    assert known.sign_in("admin").status_code == 302  # this browser, from the very same address
    code = strict.api("POST", "labyard/accounts/admin/password").json()["code"]
    fields = {"username": "admin", "password": PASSWORD, "confirm": PASSWORD}
    for _ in range(10):
        home.submit("invitation", code="bad", **fields)
    assert home.submit("invitation", code="bad", **fields).status_code == 429
    assert home.submit("invitation", code=code, **fields).status_code == 303


class WallClock:
    """The time that processes read, set as an administrator would: what runs on is left alone."""

    LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

    def __init__(self, file: Path) -> None:
        self.file = file
        self.move("+0d")

    def move(self, by: str) -> None:
        self.file.write_text(by + "\n")

    @property
    def environment(self) -> dict[str, str]:
        monotonic = ("DONT_FAKE_MONOTONIC", "FAKETIME_DONT_FAKE_MONOTONIC", "FAKETIME_NO_CACHE")
        return {
            "LD_PRELOAD": self.LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            **dict.fromkeys(monotonic, "1"),
        }


def test_fifty_wrong_passwords_count_after_a_restart_and_whatever_the_clock_says(
    hubs: Callable[..., Hub], tmp_path: Path
) -> None:
    clock = WallClock(tmp_path / "clock")
    hub = hubs(environment=clock.environment, window=36_000.0)
    hub.bootstrap()
    assert fail(hub, "admin", "192.0.2.1", 50) == [403] * 10 + [429] * 40

    years = set()
    for turn, by in enumerate(("+365d", "-400d")):
        clock.move(by)
        for again in (False, True):
            if again:
                hub.restart()
            answer = hub.browser("192.0.2.1").sign_in("admin")
            assert answer.status_code == 429, (by, again)
            assert 60 < int(answer.headers["Retry-After"]) <= 3600
            years.add(parsedate_to_datetime(answer.headers["Date"]).year)
        assert hub.browser(f"198.51.{turn}.9").sign_in("admin").status_code == 302, by
    assert len(years) == 2  # the hub did see the clock change
    hub.stop()


def test_an_address_is_limited_over_all_names(strict: Hub) -> None:
    browser = strict.browser("203.0.113.50")
    answers = [browser.sign_in(f"user{number}", "wrong").status_code for number in range(10)]
    assert answers == [403] * 8 + [429] * 2


def test_only_the_proxy_says_where_a_request_comes_from(strict: Hub) -> None:
    """What a client wrote itself stands before what the proxy added."""
    answers = []
    for number in range(10):
        browser = strict.browser(f"6.6.{number}.6, 203.0.113.60")
        browser.headers["X-Real-Ip"] = f"7.7.{number}.7"
        answers.append(browser.sign_in(f"user{number}", "wrong").status_code)
    assert answers == [403] * 8 + [429] * 2


def test_the_token_api_is_no_way_around(strict: Hub) -> None:
    answers = [
        requests.post(
            f"{strict.root}api/users/admin/tokens",
            json={"auth": {"username": "admin", "password": PASSWORD if number == 9 else "wrong"}},
            headers={"X-Forwarded-For": "203.0.113.70"},
            timeout=20,
        ).status_code
        for number in range(10)
    ]
    assert answers == [403] * 10


def test_requests_for_accounts_are_limited(strict: Hub) -> None:
    browser = strict.browser("203.0.113.80")
    answers = [browser.sign_up(f"new{number}").status_code for number in range(10)]
    assert answers == [200] * 8 + [429] * 2


# -- a crowd ------------------------------------------------------------------------------------------


def test_twenty_at_once_hold_nobody_up(hub: Hub) -> None:
    """The hub answers all the while: many times more often than it finishes a sign-in."""
    crowd = [hub.browser(f"192.0.2.{number}") for number in range(20)]
    tokens = [re.search(r'name="_xsrf" value="([^"]+)"', b.open("login").text)[1] for b in crowd]  # type: ignore[index]
    health, over = [], threading.Event()

    def watch() -> None:
        with requests.Session() as session:
            while not over.is_set():
                health.append(session.get(hub.root + "health", timeout=20).elapsed.total_seconds())

    def sign_in(number: int) -> tuple[int, float]:
        form = {"_xsrf": tokens[number], "username": "admin", "password": PASSWORD}
        answer = crowd[number].post(hub.root + "login", data=form, allow_redirects=False)
        return answer.status_code, answer.elapsed.total_seconds()

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(20) as threads:
        signed = list(threads.map(sign_in, range(20)))
    over.set()
    watcher.join()
    assert {status for status, _ in signed} == {302}
    assert len(health) > 20
    assert sorted(health)[len(health) // 2] * 10 < max(seconds for _, seconds in signed)


# -- hostile input ------------------------------------------------------------------------------------

FORMS = {
    "login": {"username": "admin", "password": PASSWORD},
    "signup": {"username": "mallory", "password": PASSWORD, "confirm": PASSWORD},
    "invitation": {"username": "x", "code": "x", "password": PASSWORD, "confirm": PASSWORD},
    "password": {"current": PASSWORD, "password": "x" * 20, "confirm": "x" * 20},
}


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_is_refused(hub: Hub, admin: Browser, path: str) -> None:
    browser = hub.browser() if path in {"login", "signup", "invitation"} else admin
    browser.open(path)
    for headers in ({}, {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}):
        answer = browser.post(
            hub.root + path, data=FORMS[path], headers=headers, allow_redirects=False
        )
        assert answer.status_code == 403
    assert "labyard" not in {c.name for c in hub.browser().cookies}
    assert admin.signed_in
    assert hub.api("GET", "labyard/accounts/mallory").status_code == 404


def test_somebody_elses_token_is_refused(hub: Hub, admin: Browser) -> None:
    token = re.search(r'name="_xsrf" value="([^"]+)"', hub.browser().open("login").text)
    assert token
    answer = admin.post(
        hub.root + "password", data={"_xsrf": token[1], **FORMS["password"]}, allow_redirects=False
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["login", "signup", "invitation"])
@pytest.mark.parametrize("field", ["username", "password", "_xsrf"])
def test_bytes_that_are_no_text_are_refused(hub: Hub, path: str, field: str) -> None:
    browser = hub.browser()
    token = re.search(r'name="_xsrf" value="([^"]+)"', browser.open(path).text)
    assert token
    fields = {**{k: v.replace(" ", "+") for k, v in FORMS[path].items()}, "_xsrf": token[1]}
    body = "&".join(f"{k}={'%ff%fe' if k == field else v}" for k, v in fields.items())
    answer = browser.post(
        hub.root + path,
        data=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        allow_redirects=False,
    )
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("path", ["login", "signup", "invitation"])
def test_half_a_form_and_far_too_much_of_one_are_refused(hub: Hub, path: str) -> None:
    browser = hub.browser()
    assert browser.submit(path, username="x").status_code == 400
    assert browser.submit(path, username="x" * 100_000, password="x").status_code == 413


@pytest.mark.parametrize(
    "next_url",
    [
        "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "http:evil.example", "https:///evil.example", "javascript:alert(1)", "%2f%2fevil.example",
    ],
)  # fmt: skip
def test_nobody_is_sent_abroad(hub: Hub, next_url: str) -> None:
    answer = hub.browser().sign_in(
        "admin", query="?next=" + requests.utils.quote(next_url, safe="%")
    )
    assert answer.status_code == 302
    assert "evil" not in answer.headers["Location"].replace("%5Cevil", "")
    assert answer.headers["Location"].startswith("/hub/") or re.match(
        r"^/(?!/)", answer.headers["Location"]
    )


def test_a_person_goes_on_to_where_they_wanted(hub: Hub) -> None:
    answer = hub.browser().sign_in("admin", query="?next=%2Fhub%2Ftoken")
    assert answer.headers["Location"] == "/hub/token"


def test_a_script_for_a_name_stays_text(hub: Hub) -> None:
    script = "<script>alert(1)</script>"
    for path, fields in FORMS.items():
        if "username" in fields:
            answer = hub.browser().submit(path, **{**fields, "username": script})
            assert answer.status_code in {400, 403}
            assert script not in answer.text
    assert script not in hub.browser().open("invitation?name=" + script).text


def test_pages_are_not_kept_by_anybody(hub: Hub, admin: Browser) -> None:
    for path in ("login", "signup", "invitation", "password"):
        answer = admin.open(path) if path == "password" else hub.browser().open(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_no_password_is_ever_written_down(hub: Hub) -> None:
    assert PASSWORD not in hub.log


# -- elsewhere ----------------------------------------------------------------------------------------


def test_below_a_base_url_without_sign_up(hubs: Callable[..., Hub]) -> None:
    hub = hubs(base_url="/jupyterhub/", sign_up=False, email_names=True)
    hub.bootstrap()
    assert hub.browser().open("signup").status_code == 404
    assert "signup" not in hub.browser().open("login").text
    made = hub.api("POST", "labyard/accounts", {"name": "Anna+1@Example.org"}).json()
    assert made["name"] == "anna+1@example.org"
    person = hub.browser()
    fields = {"username": "anna+1@example.org", "password": PASSWORD, "confirm": PASSWORD}
    answer = person.submit("invitation", code=made["code"], **fields)
    assert answer.headers["Location"].startswith("/jupyterhub/")
    assert person.signed_in


def test_sessions_outlive_a_restart_of_the_hub(hubs: Callable[..., Hub]) -> None:
    hub = hubs()
    admin = hub.bootstrap()
    person = hub.person("anna")
    hub.restart()
    assert admin.signed_in
    assert person.signed_in
    hub.api("POST", "labyard/accounts/anna/withdraw")
    hub.restart()
    assert not person.signed_in


def test_who_had_the_administrators_name_before_is_signed_out(hubs: Callable[..., Hub]) -> None:
    hub = hubs()
    before = hub.bootstrap()
    assert before.open("admin").status_code == 200
    code = codes.new()
    hub.accounts().first_admin("admin", code)
    after = hub.browser()
    fields = {"username": "admin", "password": PASSWORD, "confirm": PASSWORD}
    assert after.submit("bootstrap", secret=code, **fields).status_code == 303
    assert after.open("admin").status_code == 200
    assert not before.signed_in
