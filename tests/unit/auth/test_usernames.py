import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labyard.auth.usernames import RESERVED, normalize, objection


@pytest.mark.parametrize(
    "name", ["a", "0", "user1", "20231234", "anna-maria", "a.b", "a_b", "a-b", "admin", "x" * 32]
)
def test_admits(name: str) -> None:
    assert objection(normalize(name)) == ""


@pytest.mark.parametrize("name", ["User1", "ANNA"])
def test_upper_case_is_lowered_and_refused_as_it_is(name: str) -> None:
    assert objection(normalize(name)) == ""
    assert objection(name)


@pytest.mark.parametrize(
    "name",
    [
        "", " ", ".", "..", "...", "-a", "_a", ".a", "a.", "a..", "a b", " a", "a\n", "a\x00", "a/b",
        "a%2fb", "%2e%2e", "../x", "a\\b", "a:b", "a'b", '"><script>alert(1)</script>', "a;b", "a,b",
        "\u212aate",       # Kelvin sign: lower() makes a plain k of it
        "\u0130stanbul",   # I with a dot
        "\u0430dmin",      # Cyrillic a
        "\uff41dmin",      # full-width a
        "admin\u200b",     # zero-width space
        "\u202eadmin", "\u0131", "a\u0301", "stra\u00dfe", "\u0661\u0662",
    ],
)  # fmt: skip
@pytest.mark.parametrize("email", [False, True])
def test_refuses(name: str, email: bool) -> None:
    assert objection(normalize(name), email=email)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_refuses_names_that_read_like_routes(name: str) -> None:
    assert objection(name) == "This name is reserved."


def test_the_configured_administrator_may_have_a_reserved_name() -> None:
    assert objection("root", kept="root") == ""
    assert objection("hub", kept="root")


@pytest.mark.parametrize("name", ["a@b.example", "a+tag@b.example", "x" * 33, "x" * 64])
def test_e_mail_names_when_admitted(name: str) -> None:
    assert objection(name, email=True) == ""
    assert objection(name)
    assert objection(name + "y" * 64, email=True)


@given(st.text(min_size=1, max_size=40))
def test_what_is_admitted_is_made_of_the_rule_alone(name: str) -> None:
    admitted = normalize(name)
    if objection(admitted) == "":
        assert set(admitted) <= set(string.ascii_lowercase + string.digits + "._-")
        assert admitted[0] in string.ascii_lowercase + string.digits
        assert name.isascii()
        assert normalize(admitted) == admitted
