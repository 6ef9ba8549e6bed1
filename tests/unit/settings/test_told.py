"""Settings as people are told of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from traitlets.config import Config

from labyard.settings import told as module
from labyard.settings.declared import by_path
from labyard.settings.effective import effective, with_effective
from labyard.settings.load import Loaded, load
from labyard.settings.told import HIDDEN, OVERRIDE, Told, told

URL = "postgresql://labyard:very-secret@db/labyard"


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    file = tmp_path / "labyard.yaml"
    file.write_text("labs:\n  memory: 2G\n  images: [one, two]\n  cpu: 2\n")
    return load(file, {"LABYARD_HUB__DATABASE": URL})


def by_name(every: list[Told]) -> dict[str, Told]:
    return {one.path: one for one in every}


def test_each_setting_is_told_with_its_place(loaded: Loaded) -> None:
    found = by_name(list(told(loaded)))
    assert set(found) == {path for path in by_path() if "[]" not in path}
    memory = found["labs.memory"]
    assert (memory.text, memory.usual, memory.source) == ("2G", "4G", "labyard.yaml:2")
    assert (found["labs.images"].text, found["volumes"].text[:5]) == ("one, two", "home,")
    assert (found["edge.port"].source, found["edge.port"].changed) == ("default", False)


def test_changed_is_what_differs_from_the_default_wherever_it_is_written(loaded: Loaded) -> None:
    found = by_name(list(told(loaded)))
    assert found["labs.cpu"].source == "labyard.yaml:4"
    assert not found["labs.cpu"].changed
    assert {one.path for one in found.values() if one.changed} == {
        *("labs.memory", "labs.images", "hub.database")
    }


def test_a_secret_is_told_as_set_or_not(loaded: Loaded, tmp_path: Path) -> None:
    every = list(told(loaded))
    database = by_name(every)["hub.database"]
    assert (database.value, database.text, database.changed) == (HIDDEN, HIDDEN, True)
    assert "very-secret" not in repr([(one.value, one.text, one.usual) for one in every])
    assert by_name(list(told(load(tmp_path / "none", {}))))["hub.database"].text == "not set"


def test_a_secret_in_an_item_of_a_list_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    volumes = by_path()["volumes"]
    inner = replace(by_path()["volumes[].description"], secret=True)
    monkeypatch.setattr(module, "options", lambda: (volumes, inner))
    (told_volumes,) = told(load(Path("/nowhere/labyard.yaml"), {}))
    assert {item["description"] for item in told_volumes.value} == {HIDDEN}
    assert told_volumes.value[0]["name"] == "home"


def test_what_the_sites_own_files_made_of_it_is_theirs(loaded: Loaded) -> None:
    config = Config()
    config.Spawner.mem_limit = "768M"
    held = with_effective(loaded.settings, effective(loaded.settings, config))
    found = by_name(list(told(loaded, held)))
    assert (found["labs.memory"].text, found["labs.memory"].source) == ("768M", OVERRIDE)
    assert found["labs.cpu"].source == "labyard.yaml:4"


@pytest.mark.parametrize(
    "words", ["LABS.mem", "2g", "Memory limit", "yaml:2", "LABYARD_LABS__MEMORY"]
)
def test_a_search_looks_everywhere(loaded: Loaded, words: str) -> None:
    assert by_name(list(told(loaded)))["labs.memory"].holds(words)
    assert not by_name(list(told(loaded)))["edge.port"].holds(words)
