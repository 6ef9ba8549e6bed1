from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labyard.edge.errors import BadRoute
from labyard.edge.routes import (
    LONGEST_KEY,
    Address,
    Route,
    dumps,
    key,
    loads,
    resolve,
    split_target,
)

HERE = Address("127.0.0.1", 8888)
# JupyterHub's own spelling of a name in a path.
names = st.text(st.characters(codec="utf-8", exclude_characters="/%"), min_size=1, max_size=30)
specs = names.map(lambda name: f"/user/{quote(name, safe='@~')}/")


@given(names, names)
def test_two_names_never_share_a_key(one: str, other: str) -> None:
    same = key(f"/user/{quote(one)}/") == key(f"/user/{quote(other)}/")
    assert same == (one == other)


@given(names)
def test_every_valid_spelling_of_a_name_has_one_key(name: str) -> None:
    everything = "".join(f"%{byte:02x}" for byte in name.encode())
    spelled = {quote(name), quote(name, safe="@~+!$&'()*,;=:"), everything, everything.upper()}
    assert len({key(f"/user/{one}/x") for one in spelled}) == 1


@given(specs)
def test_a_key_is_one_word_of_plain_characters(spec: str) -> None:
    """It goes to HAProxy's socket and file as it is, so it can be no more than one word there."""
    assert re.fullmatch(r"[A-Za-z0-9/@._~%-]+", key(spec))


@given(st.text(st.characters(codec="utf-8")))
def test_no_path_gains_or_loses_a_separator(path: str) -> None:
    sent = quote(path, safe="/%@\\")
    assert key(sent).count("/") == sent.count("/")


def test_an_encoded_slash_or_percent_stays_what_it_is() -> None:
    assert key("/user%2Fa/") != key("/user/a/")
    assert len({key(p) for p in ("/%2F", "/%252F", "/%25252F", "//")}) == 4
    assert key("/100%/%zz/%4") == "/100%25/%25zz/%254"


@given(specs, st.dictionaries(st.text(), st.text() | st.integers() | st.none(), max_size=4))
def test_a_file_gives_back_what_was_written(spec: str, data: dict[str, object]) -> None:
    route = Route.make(spec, "http://host:1", data, HERE)
    assert loads(dumps([route])) == {route.key: route}


def test_a_files_lines_are_what_haproxy_reads() -> None:
    own = Route.make("/", "http://127.0.0.1:8081", {"hub": True}, Address("127.0.0.1", 8081))
    lab = Route.make(
        "/user/a@b/", "http://h:1", {"user": "a@b\n/ 6.6.6.6|1|own"}, Address("::1", 1)
    )
    lines = [line for line in dumps([own, lab]).splitlines() if not line.startswith("#")]
    assert lines == ["/ 127.0.0.1|8081|hub", "/user/a@b/ ::1|1|lab"]


def test_a_spoiled_line_costs_its_route_only() -> None:
    good = Route.make("/user/a/", "http://h:1", {"user": "a"}, HERE)
    spoiled = f'# {{\n# []\n# {{"spec": 1}}\nrubbish\n{dumps([good])}# {{"spec": "/x'
    assert loads(spoiled) == {good.key: good}


@pytest.mark.parametrize(
    "spec", ["us|er/a/", "a b.org/", "/user/a", "", "/user/a%2Fb/", "/user/a%25/"]
)
def test_a_path_that_requests_could_not_be_told_by_is_refused(spec: str) -> None:
    with pytest.raises(BadRoute, match="No route can be made"):
        Route.make(spec, "http://h:1", {}, HERE)


def test_the_longest_path_fits_and_no_longer_one() -> None:
    longest = "/" + "x" * (LONGEST_KEY - 2) + "/"
    assert Route.make(longest, "http://h:1", {}, HERE).key == longest
    with pytest.raises(BadRoute, match="too long"):
        Route.make("/x" + longest, "http://h:1", {}, HERE)


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("http://10.1.2.3:8888", ("10.1.2.3", 8888)),
        ("http://lab-a/", ("lab-a", 80)),
        ("10.1.2.3:8888", ("10.1.2.3", 8888)),
        ("http://[fd00::1]:8888", ("fd00::1", 8888)),
    ],
)
def test_targets(target: str, parts: tuple[str, int]) -> None:
    assert split_target(target) == parts


@pytest.mark.parametrize(
    "target",
    [
        "https://a:1",
        "http://a:0x1",
        "http://a:-1",
        "http://u@a:1",
        "http://a:1/x",
        "http://a:1?q",
        "http://a b:1",
    ],
)
def test_wrong_targets(target: str) -> None:
    with pytest.raises(BadRoute, match="cannot lead to"):
        split_target(target)


async def test_addresses_are_written_as_the_world_writes_them() -> None:
    assert str(await resolve("http://127.0.0.1:1")) == "127.0.0.1:1"
    assert str(await resolve("http://[::1]:1")) == "[::1]:1"
    with pytest.raises(BadRoute, match="has no address"):
        await resolve("http://no-such-host.invalid:1")
