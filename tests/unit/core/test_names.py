"""Names never meet: not by accident, and not because somebody chose one to that end."""

import random
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labyard.core.names import INSTALLATION, SCHEMA, USER_ID, Names, Scheme, escape

DOCKER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# 12 to 14 and 20 letters: where a cut meets the end of an installation's name.
HOMES = [
    Names("labyard"),
    Names("labyard", Scheme.STELLARS),
    *(Names("abcdefghijklmnopqrst"[:length]) for length in (1, 12, 13, 14, 20)),
]
KEYS = ("home", "workspace", "h")

ascii_names = st.text("ah09-._@+", min_size=1, max_size=64)
any_names = st.text(min_size=1, max_size=64)
names = ascii_names | any_names


def unescape(escaped: str) -> str:
    raw = re.sub(r"-(..)|(.)", lambda m: m[1] or f"{ord(m[2]):02x}", escaped)
    return bytes.fromhex(raw).decode(errors="surrogatepass")


def corpus(seed: int) -> Iterator[str]:
    """Yield distinct names that lie close to each other or to a border, without end."""
    pick = random.Random(seed)
    pieces = [
        *("a", "A", "b", "h", "u1", "0", "2d", "-", "--", ".", "_", "@", "+", "-2d", "-h", "--h"),
        *("é", "é", "ß", "ẞ", "ı", "K", "名", "\u200b", "\x02", "\x00", " ", "/", "\ud800"),
    ]
    lengths = (*range(1, 10), *range(1, 10), *range(26, 33), *range(59, 64), 200, 201)
    seen: set[str] = set()
    while True:
        length = pick.choice(lengths)
        plain = pick.random() < 0.5  # those are as long as they look
        name = "".join(pick.choices("ah0" if plain else pieces, k=length))
        twins = {name, escape(name), name + "-", name[:-1], "h" + name}
        twins |= {name.upper(), unicodedata.normalize("NFD", name)}
        for twin in sorted(twins - seen - {""}):
            seen.add(twin)
            yield twin


def test_a_name_with_a_dash_is_escaped_as_stellars_does() -> None:
    names = Names("labyard", Scheme.STELLARS)
    assert names.volume("anna-maria", "home") == "jupyterlab-anna-2dmaria_home"
    assert names.lab("anna-maria") == "jupyterlab-anna-2dmaria"
    assert names.shared_volume("shared") == "jupyterhub_shared"


def test_a_long_name_keeps_the_volume_that_stellars_made_for_it() -> None:
    name = "first.last+lab@department.some-university.example.org"
    assert len(escape(name)) > 63
    assert (
        Names("labyard", Scheme.STELLARS).volume(name, "home") == f"jupyterlab-{escape(name)}_home"
    )


def test_an_escape_has_two_digits() -> None:
    assert escape("a\x02db") == "a-02db"
    assert escape("a-b") == "a-2db"


@pytest.fixture(scope="module")
def a_hundred_thousand() -> list[str]:
    return list(islice(corpus(7), 100_000))


each_home = pytest.mark.parametrize("home", HOMES, ids=lambda h: f"{h.scheme}-{h.installation}")


@pytest.mark.parametrize("scheme", Scheme)
def test_no_two_of_a_hundred_thousand_names_meet(
    scheme: Scheme, a_hundred_thousand: list[str]
) -> None:
    meet_nowhere(Names("labyard", scheme), a_hundred_thousand)


@each_home
def test_no_two_names_meet_in_any_installation(home: Names) -> None:
    meet_nowhere(home, list(islice(corpus(5), 3_000)))


def meet_nowhere(home: Names, users: list[str]) -> None:
    assert len(set(users)) == len(users)
    assert len({home.lab(user) for user in users}) == len(users)
    assert len({home.hostname(user) for user in users}) == len(users)
    assert len({home.network(user) for user in users}) == len(users)
    volumes = {home.volume(user, "home") for user in users}
    volumes |= {home.later_volume(user, 1, "home") for user in users}
    volumes |= {home.shared_volume(key) for key in KEYS}
    assert len(volumes) == 2 * len(users) + len(KEYS)


def short(alphabet: str, longest: int) -> list[str]:
    return [
        "".join(t) for length in range(1, longest + 1) for t in product(alphabet, repeat=length)
    ]


def test_no_server_of_one_user_meets_a_lab_of_another() -> None:
    # "a" with a server "2db" and "a-b" without: every such pair there is, and some long ones.
    pairs = set(product(short("a2db-", 3), ["", *short("a2db-", 3)]))
    pairs |= set(product(islice(corpus(11), 200), ["", *islice(corpus(13), 40)]))
    home = Names("labyard")
    assert len({home.lab(*pair) for pair in pairs}) == len(pairs)
    assert len({home.hostname(*pair) for pair in pairs}) == len(pairs)


@each_home
def test_nobody_can_choose_the_name_that_another_was_shortened_to(home: Names) -> None:
    for length in (*range(28, 66, 3), 200, 201, 255):
        victim = "a" * length
        for made in (home.lab(victim), home.hostname(victim), home.volume(victim, "home")):
            # Whoever reads a name can take any tail of it for a name of their own.
            stem = made.removesuffix("_home")
            tails = {stem[i:] for i in range(len(stem))} - {victim}
            for tail in tails:
                assert home.lab(tail) != made
                assert home.hostname(tail) != made
                assert home.volume(tail, "home") != made
                assert home.lab("a", tail) != made


def test_two_installations_never_share_a_name() -> None:
    users = list(islice(corpus(17), 2_000))
    homes = [home for home in HOMES if home.scheme is Scheme.LABYARD]
    made = [home.volume(user, "home") for home in homes for user in users]
    made += [home.shared_volume("home") for home in homes]
    assert len(set(made)) == len(made)
    labs = [home.lab(user) for home in homes for user in users]
    assert len(set(labs)) == len(labs)


@given(names)
def test_an_escaped_name_can_be_read_back(name: str) -> None:
    assert unescape(escape(name)) == name


@settings(max_examples=500)
@given(
    user=names, server=st.just("") | names, home=st.sampled_from(HOMES), id=st.integers(1, 2**31)
)
def test_every_name_is_one_that_engines_and_dns_take(
    user: str, server: str, home: Names, id: int
) -> None:
    assert DNS_LABEL.fullmatch(home.hostname(user, server))
    assert DNS_LABEL.fullmatch(home.lab(user, server))
    assert DNS_LABEL.fullmatch(home.network(user))
    longest_key = "k" * 20
    for volume in (home.volume(user, longest_key), home.later_volume(user, id, longest_key)):
        assert DOCKER.fullmatch(volume)
        assert len(volume) <= 255


@settings(max_examples=500)
@given(
    one=st.tuples(names, st.just("") | names),
    other=st.tuples(names, st.just("") | names),
    home=st.sampled_from(HOMES),
)
def test_two_servers_have_two_names(
    one: tuple[str, str], other: tuple[str, str], home: Names
) -> None:
    assert (home.lab(*one) == home.lab(*other)) is (one == other)
    assert (home.hostname(*one) == home.hostname(*other)) is (one == other)


@given(user=names, key=st.sampled_from(KEYS), ids=st.tuples(st.integers(1), st.integers(1)))
def test_a_later_users_volume_is_never_an_earlier_ones(
    user: str, key: str, ids: tuple[int, int]
) -> None:
    home = Names("labyard")
    first, second = ids
    same = home.later_volume(user, first, key) == home.later_volume(user, second, key)
    assert same is (first == second)
    assert home.later_volume(user, first, key) != home.volume(user, key)


def test_everything_is_labelled() -> None:
    home = Names("labyard")
    for labels in (
        home.lab_labels(7, "anna", ""),
        home.volume_labels(7, "anna", "home"),
        home.network_labels(7, "anna"),
    ):
        assert labels[INSTALLATION] == "labyard"
        assert labels[SCHEMA] == "1"
        assert labels[USER_ID] == "7"
    assert USER_ID not in home.shared_volume_labels("shared")
