"""Who can make a lab show a notice: the platform, and nobody by what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from labyard.core.models import Owner, ServerRef
from labyard.core.names import NOTICES, SERVER, USER_ID
from labyard.notices import seal as platform
from labyard.notices.keys import Keys
from labyard.notices.seal import KEY, VALID, holds, seal

ROOT = Path(__file__).parents[3]
BODY = b'{"message": "a"}'
NOW = 1_700_000_000


def test_the_lab_looks_with_the_same_program() -> None:
    copy = ROOT / "images/lab/labyard_lab/seal.py"
    assert copy.read_text() == Path(str(platform.__file__)).read_text()


def test_a_seal_holds_for_its_key_its_words_and_some_minutes() -> None:
    made = seal("key", NOW, BODY)
    assert holds("key", made, str(NOW), NOW + VALID, BODY)
    assert holds("key", made, str(NOW), NOW - VALID, BODY)


@pytest.mark.parametrize(
    ("key", "found", "made", "now", "body"),
    [
        ("other", None, str(NOW), NOW, BODY),
        ("key", "0" * 64, str(NOW), NOW, BODY),
        ("key", "", str(NOW), NOW, BODY),
        ("key", "ü", str(NOW), NOW, BODY),
        ("key", None, str(NOW), NOW, BODY + b" "),
        ("key", None, str(NOW + 1), NOW, BODY),
        ("key", None, str(NOW), NOW + VALID + 1, BODY),
        ("key", None, "", NOW, BODY),
        ("key", None, "soon", NOW, BODY),
        ("key", None, "1" * 400, NOW, BODY),
    ],
)
def test_otherwise_it_does_not(
    key: str, found: str | None, made: str, now: int, body: bytes
) -> None:
    real = seal("key", NOW, BODY)
    assert not holds(key, real if found is None else found, made, now, body)


def test_no_key_holds_nothing() -> None:
    assert not holds("", seal("", NOW, BODY), str(NOW), NOW, BODY)


def ref(id: int = 7, server: str = "") -> ServerRef:
    return ServerRef(Owner(id, "anna"), server)


def labels(id: int, server: str, salt: str) -> dict[str, str]:
    return {USER_ID: str(id), SERVER: server, NOTICES: salt}


def test_a_key_is_known_again_by_the_labels_alone() -> None:
    keys = Keys(b"s" * 32)
    given = keys.hand_over(ref(server="train"))
    seen = {**labels(7, "train", ""), **given.labels}
    assert keys.key(seen) == given.secrets[KEY]
    assert given.secrets[KEY] not in str(given.labels)


def test_every_lab_has_a_key_of_its_own() -> None:
    keys = Keys(b"s" * 32)
    assert keys.hand_over(ref()).secrets != keys.hand_over(ref()).secrets
    salt = "a" * 32
    found = {keys.key(labels(i, s, salt)) for i, s in [(7, ""), (8, ""), (7, "a"), (8, "a")]}
    assert len(found) == 4
    assert Keys(b"t" * 32).key(labels(7, "", salt)) not in found


def test_a_lab_that_was_given_none_has_none() -> None:
    assert Keys(b"s" * 32).key({USER_ID: "7", SERVER: ""}) == ""
