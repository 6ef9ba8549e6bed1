"""Files that share the session's installation each have people of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.guests import Guests
from tests.tools.yard import Yard


@pytest.fixture(scope="session")
def guests(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Guests:
    """The names that are taken, for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    several = hasattr(request.config, "workerinput")
    return Guests((base.parent if several else base) / "guests")


@pytest.fixture(scope="module", autouse=True)
def _people_of_their_own(request: pytest.FixtureRequest, guests: Guests) -> Iterator[None]:
    """See that nobody of this file has the name of somebody in another one."""
    yield
    yard = Yard.shared
    if yard is not None and yard.runs:
        file = Path(request.node.path).relative_to(request.config.rootpath)
        guests.note(yard.people() - {"admin"}, str(file))
