"""Sign-in at a real OpenID provider on Casdoor's paths, through a real hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.integration.auth.conftest import PASSWORD, Browser, Hub
from tests.tools.provider import SECRET, Provider, certificate

BEGIN = "ways/casdoor"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Provider]]:
    """A hub beside a password, with one provider that is told in full and others that are wrong."""
    data = tmp_path_factory.mktemp("oidc")
    hub = Hub(data, f"sqlite:///{data}/labyard.sqlite", options={"per_address": 10_000})
    paths = {
        "casdoor": "oauth_callback",
        "second": "oauth_callback/second",
        "late": "oauth_callback/late",
        "email": "oauth_callback/email",
        "other": "oauth_callback/other",
    }
    provider = Provider(data / "provider", [hub.root + path for path in paths.values()])
    provider.start()
    pair = certificate(data)
    over_tls = Provider(data / "tls", [hub.root + "oauth_callback/tls"], tls=pair)
    over_tls.start()

    def way(key: str, **more: Any) -> dict[str, Any]:
        return {
            "key": key,
            "label": key.title(),
            "issuer": provider.issuer,
            "client_id": "labyard",
            "client_secret": SECRET,
            "scopes": ["openid", "profile", "email", "groups"],
            "groups_claim": "groups",
            "groups": {"engineers": "docker-privileged"},
            "admin_group": "bosses",
            "welcome": "approve",
            **more,
        }

    casdoor = "login/oauth/authorize api/login/oauth/access_token api/userinfo .well-known/jwks"
    names = "authorize_url token_url userinfo_url jwks_url".split()
    told = {
        name: f"{provider.issuer}/{path}" for name, path in zip(names, casdoor.split(), strict=True)
    }
    hub.ways = {
        f"/{paths['casdoor']}": way("casdoor", **told),
        f"/{paths['second']}": way("second", welcome="ask", groups={}),
        f"/{paths['late']}": way("late", client_id="late"),
        f"/{paths['email']}": way("email", username_claim="email"),
        f"/{paths['other']}": way("other", issuer="http://localhost:1", **told),
        "/oauth_callback/tls": way(
            "tls",
            issuer=over_tls.issuer,
            ca=pair["cert"],
            authorize_params={"access_type": "offline"},
        ),
        "/oauth_callback/untrusted": way("untrusted", issuer=over_tls.issuer),
    }
    hub.start()
    hub.bootstrap()
    yield hub, provider
    hub.stop()
    provider.stop()
    over_tls.stop()


@pytest.fixture
def hub(house: tuple[Hub, Provider]) -> Hub:
    return house[0]


@pytest.fixture
def provider(house: tuple[Hub, Provider]) -> Provider:
    return house[1]


def come(house: tuple[Hub, Provider], who: str, way: str = "casdoor", **query: str) -> Any:
    """Sign in with a new browser; return it and the hub's last answer."""
    hub, provider = house
    browser = hub.browser()
    return browser, provider.sign_in(browser, hub.root + f"ways/{way}", who, **query)


def user(hub: Hub, name: str) -> dict[str, Any]:
    found: dict[str, Any] = hub.api("GET", f"users/{name}").json()
    return found


def groups(hub: Hub, name: str) -> set[str]:
    return set(user(hub, name)["groups"])


def start(hub: Hub, name: str) -> int:
    """Start somebody's lab and stop it again; return what the hub answered to the start."""
    status = hub.api("POST", f"users/{name}/server").status_code
    if status in (201, 202):
        assert hub.api("DELETE", f"users/{name}/server").status_code in (202, 204)
    return status


# -- coming in ----------------------------------------------------------------------------------------


def test_somebody_comes_in_with_their_groups(house: Any, hub: Hub, provider: Provider) -> None:
    provider.say("1", "Oidc-Ann", groups=["staff", "engineers", "docker-privileged", "über"])
    browser, answer = come(house, "1", next="/hub/token?a=b")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/hub/token?a=b")
    assert browser.signed_in
    assert groups(hub, "oidc-ann") == {"staff", "docker-privileged"}
    assert not user(hub, "oidc-ann")["admin"]


def test_a_group_with_power_over_the_host_needs_to_be_named_in_the_settings(
    house: Any, hub: Hub, provider: Provider
) -> None:
    provider.say("2", "oidc-bob", groups=["docker-privileged", "staff"])
    assert come(house, "2")[1].status_code == 302
    assert groups(hub, "oidc-bob") == {"staff"}, "the name is another group's by the settings"
    provider.say("20", "oidc-rob", groups=["docker-privileged", "staff"])
    come(house, "20", "second")
    hub.api("POST", "labyard/accounts/oidc-rob/approve")
    assert come(house, "20", "second")[0].signed_in
    assert groups(hub, "oidc-rob") == {"staff"}


def test_the_admin_group_makes_administrators_as_long_as_they_are_in_it(
    house: Any, hub: Hub, provider: Provider
) -> None:
    provider.say("3", "oidc-boss", groups=["bosses"])
    come(house, "3")
    assert user(hub, "oidc-boss")["admin"]
    provider.say("3", "oidc-boss", groups=[])
    come(house, "3")
    assert not user(hub, "oidc-boss")["admin"]


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/x", "//evil.example/x", "/\\evil.example"]
)
def test_nobody_is_led_away_afterwards(house: Any, provider: Provider, wanted: str) -> None:
    provider.say("4", "oidc-next")
    where = come(house, "4", next=wanted)[1].headers["Location"]
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))


def test_somebody_new_may_have_to_wait(house: Any, hub: Hub, provider: Provider) -> None:
    provider.say("5", "oidc-new", groups=["staff"])
    browser, answer = come(house, "5", "second")
    assert answer.status_code == 403
    assert "Waiting for an administrator" in answer.text
    assert not browser.signed_in
    assert hub.api("POST", "labyard/accounts/oidc-new/approve").status_code == 200
    assert come(house, "5", "second")[0].signed_in


# -- who is who ---------------------------------------------------------------------------------------


def test_a_second_way_does_not_take_over_a_name(house: Any, hub: Hub, provider: Provider) -> None:
    provider.say("6", "oidc-two", groups=["bosses"])
    assert come(house, "6")[0].signed_in
    browser, answer = come(house, "6", "second")
    assert answer.status_code == 403
    assert "There is an account named oidc-two here already" in answer.text
    assert f"oidc-two --way second --issuer {provider.issuer} --subject 6" in answer.text
    assert not browser.signed_in


def test_nor_one_with_a_password_until_an_administrator_links_it(
    house: Any, hub: Hub, provider: Provider
) -> None:
    hub.person("oidc-pat")
    provider.say("7", "oidc-pat")
    assert come(house, "7")[1].status_code == 403
    where = "labyard/accounts/oidc-pat/identities"
    key = {"way": "casdoor", "issuer": provider.issuer, "subject": "7"}
    assert hub.api("POST", where, key).status_code == 201
    assert come(house, "7")[0].signed_in
    assert hub.browser().sign_in("oidc-pat").status_code == 302, "the password still works"
    (shown,) = hub.api("GET", where).json()["identities"]
    assert shown["subject"] == "7"
    assert "kept" not in shown
    assert hub.api("POST", where, key).status_code == 409
    assert hub.api("POST", where + "/unlink", key).status_code == 204
    assert come(house, "7")[1].status_code == 403


def test_the_first_administrators_name_is_never_given_away(house: Any, provider: Provider) -> None:
    provider.say("8", "admin", groups=["bosses"])
    assert come(house, "8")[1].status_code == 403


def test_somebody_renamed_at_the_provider_or_here_stays_who_they_are(
    house: Any, hub: Hub, provider: Provider
) -> None:
    provider.say("9", "oidc-old")
    come(house, "9")
    provider.say("9", "oidc-new-name")
    come(house, "9")
    assert hub.api("GET", "users/oidc-new-name").status_code == 404
    assert hub.api("PATCH", "users/oidc-old", {"name": "oidc-renamed"}).status_code == 200
    assert come(house, "9")[0].signed_in
    assert hub.api("GET", "users/oidc-old").status_code == 404


def test_a_removed_account_is_gone_for_its_identity_too(
    house: Any, hub: Hub, provider: Provider
) -> None:
    provider.say("10", "oidc-gone")
    come(house, "10")
    assert hub.api("DELETE", "labyard/accounts/oidc-gone").status_code == 204
    hub.api("POST", "labyard/accounts", {"name": "oidc-gone"})
    assert come(house, "10")[1].status_code == 403


# -- what is refused ----------------------------------------------------------------------------------


def test_an_answer_is_good_once_and_in_the_browser_that_asked(
    house: Any, hub: Hub, provider: Provider
) -> None:
    provider.say("11", "oidc-replay")
    mine, other = hub.browser(), hub.browser()
    back = provider.code(mine, hub.root + BEGIN, "11")
    assert other.get(back, allow_redirects=False).status_code == 400
    assert mine.get(back, allow_redirects=False).status_code == 302
    again = mine.get(back, allow_redirects=False)
    assert again.status_code == 400
    assert "Begin again" in again.text
    assert not other.signed_in


def test_a_replayed_code_is_refused_with_a_new_state(
    house: Any, hub: Hub, provider: Provider
) -> None:
    provider.say("11", "oidc-replay")
    mine, other = hub.browser(), hub.browser()
    back = provider.code(mine, hub.root + BEGIN, "11")
    fresh = provider.code(other, hub.root + BEGIN, "11")
    spent = fresh.replace(_query(fresh)["code"], _query(back)["code"])
    assert other.get(spent, allow_redirects=False).status_code == 403
    assert not other.signed_in


def test_one_providers_answer_is_not_anothers(house: Any, hub: Hub, provider: Provider) -> None:
    provider.say("11", "oidc-replay")
    browser = hub.browser()
    back = provider.code(browser, hub.root + BEGIN, "11")
    crossed = back.replace("/oauth_callback?", "/oauth_callback/second?")
    assert browser.get(crossed, allow_redirects=False).status_code == 400
    assert not browser.signed_in


@pytest.mark.parametrize(
    ("way", "who", "said"),
    [
        ("late", "11", "it has expired"),
        ("other", "11", "Another provider answered"),
        ("email", "12", "has not verified your e-mail address"),
        ("casdoor", "refuse", "Casdoor did not sign you in"),
    ],
)
def test_what_does_not_hold_lets_nobody_in(
    house: Any, provider: Provider, way: str, who: str, said: str
) -> None:
    provider.say("11", "oidc-replay")
    provider.say("12", "oidc-mail", email="oidc@example.org", email_verified=False)
    browser, answer = come(house, who, way)
    assert answer.status_code == 403
    assert said in answer.text
    assert not browser.signed_in


def test_a_provider_has_to_show_a_certificate_that_is_trusted(hub: Hub) -> None:
    answer = hub.browser().open("ways/untrusted")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text
    there = hub.browser().open("ways/tls")
    assert there.status_code == 302
    assert _query(there.headers["Location"])["access_type"] == "offline"


def _query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


# -- what is taken away -------------------------------------------------------------------------------


def test_a_withdrawn_group_is_gone_at_the_next_sign_in_and_one_by_hand_stays(
    house: Any, hub: Hub, provider: Provider
) -> None:
    provider.say("13", "oidc-in", groups=["staff", "team"])
    come(house, "13")
    hub.api("POST", "groups/by-hand")
    hub.api("POST", "groups/by-hand/users", {"users": ["oidc-in"]})
    provider.say("13", "oidc-in", groups=["team"])
    come(house, "13")
    assert groups(hub, "oidc-in") == {"team", "by-hand"}


def test_a_withdrawn_group_is_gone_at_the_next_start(
    house: Any, hub: Hub, provider: Provider
) -> None:
    provider.say("14", "oidc-start", groups=["engineers", "bosses", "team"])
    come(house, "14")
    assert groups(hub, "oidc-start") == {"docker-privileged", "bosses", "team"}
    for _ in range(2):  # the second time with the refresh token that the first one left
        provider.say("14", "oidc-start", groups=["team"])
        assert start(hub, "oidc-start") in (201, 202)
        assert groups(hub, "oidc-start") == {"team"}
        assert not user(hub, "oidc-start")["admin"]


def test_who_is_gone_at_the_provider_starts_nothing(
    house: Any, hub: Hub, provider: Provider
) -> None:
    provider.say("15", "oidc-left", groups=["staff"])
    come(house, "15")
    provider.forget("15")
    assert start(hub, "oidc-left") == 403
    assert groups(hub, "oidc-left") == set()


def test_secrets_are_in_no_log_and_not_readable_in_the_database(hub: Hub) -> None:
    assert SECRET not in hub.log
    assert "refresh" not in (hub.data / "labyard.sqlite").read_bytes().decode("latin-1")


def test_passwords_come_in_beside(hub: Hub) -> None:
    page = hub.browser().open("login").text
    assert "Sign in with Casdoor" in page
    assert "/hub/ways/casdoor?next=" in page
    assert hub.browser().sign_in("admin", PASSWORD).status_code == 302


def test_a_provider_that_is_away_says_so(house: Any, hub: Hub, provider: Provider) -> None:
    provider.say("16", "oidc-away", groups=["staff"])
    come(house, "16")
    provider.stop()
    try:
        browser = hub.browser()
        back = Browser(hub.root)
        assert browser.open(BEGIN).status_code == 302, "the addresses are known"
        assert back.open("oauth_callback?code=1&state=1").status_code == 400
        assert start(hub, "oidc-away") in (201, 202), "the last word holds"
        assert groups(hub, "oidc-away") == {"staff"}
    finally:
        provider.start()


def test_where_passwords_are_off_only_administrators_have_one(tmp_path: Path) -> None:
    hub = Hub(tmp_path, f"sqlite:///{tmp_path}/labyard.sqlite", password=False)
    hub.start()
    try:
        admin = hub.bootstrap()
        page = hub.browser().open("login").text
        assert 'name="password"' not in page
        assert "Administrators sign in with a password" in page
        assert 'name="password"' in hub.browser().open("login?way=password").text
        assert hub.browser().open("signup").status_code == 404
        assert hub.browser().sign_in("admin", query="?way=password").status_code == 302
        made = hub.api("POST", "labyard/accounts", {"name": "oidc-coded"}).json()
        answer = hub.browser().submit(
            "invitation",
            username="oidc-coded",
            code=made["code"],
            password=PASSWORD,
            confirm=PASSWORD,
        )
        assert answer.status_code == 403
        assert admin.signed_in
    finally:
        hub.stop()
