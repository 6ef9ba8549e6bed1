"""How much somebody's own volumes hold, of how much they should."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from labyard.core.models import Size, Volume
from labyard.settings.schema import Settings
from labyard.volumes.sizes import Measured
from labyard.web.sampler import Snapshot
from labyard.web.view.volumes import volumes_page
from tests.unit.web.conftest import ANNA, NAMES, NOW, person

GB = 2**30
OWN = {key: NAMES.volume(ANNA.name, key) for key in ("home", "workspace")}


@pytest.mark.parametrize(
    ("sizes", "quota", "words", "over"),
    [
        ({"home": Size(GB, 1), "workspace": Size(2 * GB, 1)}, 10 * GB, "3 GB of 10 GB", False),
        ({"home": Size(GB, 1), "workspace": Size(2 * GB, 1)}, 2 * GB, "3 GB of 2 GB", True),
        ({"home": Size(GB, 1)}, 10 * GB, "at least 1 GB of 10 GB", False),
        ({"home": Size(GB, 1), "workspace": Size(0, 1, whole=False)}, GB, "at least 1 GB of 1 GB", False),
    ],
)  # fmt: skip
def test_what_is_ones_own_is_added_up(
    sizes: dict[str, Size], quota: int, words: str, over: bool
) -> None:
    storage = page(sizes, quota).storage
    assert (storage.words, storage.over) == (words, over)


def test_without_a_figure_nothing_is_said() -> None:
    assert page({}, None).storage is None


def page(sizes: dict[str, Size], quota: int | None) -> Any:
    shared = NAMES.shared_volume("shared")
    known = {OWN[key]: Measured(size, NOW) for key, size in sizes.items()}
    known[shared] = Measured(Size(99 * GB, 1), NOW)
    there = [
        *(Volume(name, NAMES.volume_labels(ANNA.id, ANNA.name, key)) for key, name in OWN.items()),
        Volume(shared, NAMES.shared_volume_labels("shared")),
    ]
    told: Any = SimpleNamespace(known=known, error=None, under_way=set())
    snapshot = Snapshot(volumes=tuple(there))
    return volumes_page(
        person(), ANNA, snapshot, told, settings=Settings(), names=NAMES, now=NOW, quota=quota
    )
