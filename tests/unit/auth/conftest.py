from collections.abc import Iterator
from pathlib import Path

import pytest

from labyard.auth.accounts import Accounts
from labyard.core.store import Store, prepare


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/labyard.sqlite"
    prepare(url)
    made = Store(url)
    yield made
    made.close()


@pytest.fixture
def accounts(store: Store) -> Accounts:
    return Accounts(store)
