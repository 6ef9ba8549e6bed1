"""Kinds of values that people choose: what is read, and what is refused with which words."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from labyard.settings import chosen


def read(kind: Any, value: object) -> object:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (chosen.Days, "7", 7),
        (chosen.Days, 3650, 3650),
        (chosen.YesOrNo, "No", False),
        (chosen.YesOrNo, True, True),
        (chosen.Gpus, "all", "all"),
        (chosen.Gpus, " 2 ", 2),
        (chosen.Gpus, "GPU-a, GPU-b", ("GPU-a", "GPU-b")),
        (chosen.Gpus, ["nvidia.com/gpu=0"], ("nvidia.com/gpu=0",)),
        (chosen.Environment, "A=1\r\n\r\nB = x=y \n", {"A": "1", "B": "x=y"}),
        (chosen.Environment, {"A": ""}, {"A": ""}),
        (chosen.LabMemory, "1.5G", 1610612736),
    ],
)
def test_what_is_read(kind: Any, value: object, expected: object) -> None:
    assert read(kind, value) == expected


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (chosen.Days, "0", "from 1 to 3650"),
        (chosen.Days, -1, "does not expire"),
        (chosen.Days, 1.5, "whole number"),
        (chosen.Days, True, "whole number"),
        (chosen.Days, "99999", "from 1 to 3650"),
        (chosen.YesOrNo, "perhaps", "yes or no"),
        (chosen.YesOrNo, 1, "yes or no"),
        (chosen.Gpus, "0,1", "a GPU's UUID"),
        (chosen.Gpus, -1, "how many"),
        (chosen.Gpus, True, "how many"),
        (chosen.Gpus, ["GPU-a", "GPU-a"], "different"),
        (chosen.Gpus, {"a": 1}, "how many"),
        (chosen.LabCores, "1,5", "write 1.5"),
        (chosen.LabMemory, "4", "write 4G"),
        (chosen.SharedMemory, "1K", "at least 1 MB"),
        (chosen.Environment, "A=1\nno sign", "line 2 has no '='"),
        (chosen.Environment, "A=1\nA=2", "'A' is there twice"),
        (chosen.Environment, "1A=1", "'1A' is none"),
        (chosen.Environment, "A B=1", "'A B' is none"),
        (chosen.Environment, {"Ä": "1"}, "is none"),
        (chosen.Environment, {1: "1"}, "is none"),
        (chosen.Environment, {"A": 1}, "that of A is none"),
        (chosen.Environment, {"A": "x\ny"}, "one line a value"),
        (chosen.Environment, {"A": "\0"}, "one line a value"),
        (chosen.Environment, {"A": "x" * 4097}, "at most 4096 characters"),
        (chosen.Environment, {"A" * 129: "1"}, "at most 128 characters"),
        (chosen.Environment, {f"A{n}": "" for n in range(65)}, "at most 64 variables"),
        (chosen.Environment, {f"A{n}": "x" * 4000 for n in range(5)}, "at most 16 KB"),
        (chosen.Environment, ["A=1"], "NAME=VALUE lines"),
    ],
)
def test_what_is_refused_and_why(kind: Any, value: object, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(kind, value)
    assert said in refused.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "path", "HOME", "LD_PRELOAD", "LD_LIBRARY_PATH", "JUPYTERHUB_API_TOKEN"),
        *("JPY_API_TOKEN", "LABYARD_SECRETS", "NVIDIA_VISIBLE_DEVICES", "PYTHONPATH"),
        *("ENABLE_SERVICE_MLFLOW", "JUPYTER_CONFIG_PATH", "MEM_LIMIT", "BASH_ENV"),
    ],
)
def test_what_the_lab_depends_on_cannot_be_set(name: str) -> None:
    with pytest.raises(ValidationError, match="alone: the lab itself depends on it"):
        read(chosen.Environment, {name: "x"})
