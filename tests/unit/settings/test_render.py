"""What is made from the declaration says all of it, is true, and is what lies in the tree."""

import json
import shlex
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from labyard.settings.declared import Option, options
from labyard.settings.render import dotenv, example, files, json_schema, reference
from labyard.settings.schema import Settings
from tests.unit.settings.conftest import Site

ROOT = Path(__file__).parents[3]
each_option = pytest.mark.parametrize("option", options(), ids=lambda option: option.path)


@pytest.mark.parametrize("path", files())
def test_the_file_in_the_tree_is_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text() == files()[path], "run `labyard config docs`"


@each_option
def test_every_setting_is_explained(option: Option) -> None:
    assert option.help.endswith(".")
    assert option.allowed
    row = next(line for line in reference().split("\n") if line.startswith(f"| `{option.path}` |"))
    assert option.help in row
    assert option.allowed.replace("|", "\\|") in row
    assert all(f"`{name}`" in row for name in option.variables)


def test_the_example_is_every_default(site: Site) -> None:
    loaded = site.load(example())
    assert loaded.settings == Settings()
    assert "default" not in loaded.sources.values()


def test_the_environment_example_is_every_default(site: Site) -> None:
    lines = [line.removeprefix("# ") for line in dotenv().split("\n") if "LABYARD_" in line]
    environ = dict(shlex.split(line)[0].partition("=")[::2] for line in lines)
    assert set(environ) == {option.variables[0] for option in options() if option.variables}
    assert site.load("", environ).settings == Settings()


def test_the_schema_takes_the_example_and_what_people_write() -> None:
    schema = Draft202012Validator(json.loads(json_schema()))
    Draft202012Validator.check_schema(schema.schema)
    schema.validate(yaml.safe_load(example()))
    schema.validate({"labs": {"memory": "2G", "shm": 100, "cpu": None}, "engine": {"timeout": 3}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"prot": 1},
        {"edge": {"prot": 1}},
        {"edge": {"port": 99999}},
        {"edge": {"port": True}},
        {"edge": {"proxy": "haprxy"}},
        {"labs": {"memory": "4Q"}},
        {"labs": {"memory": -1}},
        {"volumes": [{"name": "a"}]},
        {"installation": "My-Hub"},
    ],
)
def test_the_schema_refuses_what_is_wrong(wrong: object) -> None:
    assert not Draft202012Validator(json.loads(json_schema())).is_valid(wrong)
