"""Policies are kept, and those of the settings stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labyard.core.errors import NotFound
from labyard.core.store import Store, prepare
from labyard.policies.book import PRIVILEGED, Book, Locked
from labyard.settings.groups import GroupSettings

Open = Callable[..., Book]


@pytest.fixture
def book(tmp_path: Path) -> Open:
    url = f"sqlite:///{tmp_path}/labyard.sqlite"
    prepare(url)
    return lambda *given: Book(Store(url), given)


def group(name: str, **said: Any) -> GroupSettings:
    return GroupSettings.model_validate({"name": name, **said})


def test_what_was_set_is_there_with_who_set_it(book: Open) -> None:
    students = group("students", cpu=2, memory="1G", environment={"A": "1"}, docker="none")
    book().put([students], "admin")
    (_, kept) = book().all()
    assert (kept.policy, kept.locked, kept.changed_by) == (students, False, "admin")
    book().put([group("students", cpu=4)], "root")
    assert book().of(["students", "others"]) == {"students": group("students", cpu=4)}


def test_the_settings_win_and_are_locked(book: Open) -> None:
    book().put([group("students", cpu=2)], "admin")
    locked = book(group("students", cpu=1))
    assert locked.of(["students"]) == {"students": group("students", cpu=1)}
    with pytest.raises(Locked, match="students"):
        locked.put([group("others", cpu=8), group("students", cpu=8)], "admin")
    assert [each.policy.name for each in locked.all()] == [PRIVILEGED, "students"]
    with pytest.raises(Locked):
        locked.remove("students")


def test_who_may_use_the_engine_is_built_in(book: Open) -> None:
    assert book().of([PRIVILEGED])[PRIVILEGED].docker == "socket"
    with pytest.raises(Locked):
        book().put([group(PRIVILEGED, docker="none")], "admin")
    assert book(group(PRIVILEGED, cpu=8)).of([PRIVILEGED]) == {
        PRIVILEGED: group(PRIVILEGED, cpu=8, docker="socket")
    }
    assert book(group(PRIVILEGED, docker="none")).of([PRIVILEGED])[PRIVILEGED].docker == "none"


def test_a_policy_is_taken_away_once(book: Open) -> None:
    book().put([group("students", cpu=2)], "admin")
    book().remove("students")
    assert book().of(["students"]) == {}
    with pytest.raises(NotFound, match="students"):
        book().remove("students")
