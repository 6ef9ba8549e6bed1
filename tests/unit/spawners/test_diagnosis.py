"""What a lab that ended left behind, and the cause it names."""

from __future__ import annotations

import re

import pytest

from labyard.spawners.diagnosis import (
    _LOGGED,
    Remains,
    diagnose,
    seen_in,
    silent,
    stranger,
)

TINI = "[FATAL tini (7)] exec labyard-lab failed: "
HUB = (
    "Failed to connect to my Hub at http://10.1.255.254:8081/hub/api (attempt 5/5). Is it running?"
)


@pytest.mark.parametrize(
    ("log", "code"),
    [
        (TINI + "Exec format error", "wrong-architecture"),
        (TINI + "No such file or directory", "no-singleuser"),
        ("ERROR (catatonit:2): failed to exec pid1: No such file or directory", "no-singleuser"),
        ("ModuleNotFoundError: No module named 'jupyterhub'", "no-singleuser"),
        (HUB, "hub-unreachable-from-lab"),
        ("PermissionError: [Errno 13] Permission denied: '/home/lab/.bashrc'", "not-writable"),
        ("OSError: [Errno 28] No space left on device", "disk-full"),
        ("ImportError: libcuda.so.1: cannot open shared object file", "no-gpu"),
        ('labyard: token-refused: {"url": "http://hub", "status": 403}', "token-refused"),
        ("anything else", "lab-ended"),
        ("", "lab-ended"),
    ],
)
def test_the_log_names_the_cause(log: str, code: str) -> None:
    failed = diagnose(Remains(1, log))
    assert failed.code == code
    assert failed.remedy


def test_the_kernels_word_comes_before_the_labs() -> None:
    failed = diagnose(Remains(137, TINI + "Exec format error", out_of_memory=True, memory=2**30))
    assert failed.code == "out-of-memory"
    assert "1 GB" in failed.why


def test_what_the_entry_says_is_told_with_its_facts() -> None:
    said = 'labyard: version-mismatch: {"hub": "6.1.1", "lab": "5.4.0"}'
    failed = diagnose(Remains(70, f"Words for people.\n{said}\n"))
    assert failed.why == "The hub is JupyterHub 6.1.1, the image has 5.4.0."
    assert failed.said == "Words for people.", "the line for the hub is not for people"


def test_facts_that_are_missing_are_no_error() -> None:
    assert (
        diagnose(Remains(68, "labyard: token-refused: {}")).why == "something answered something."
    )


def test_a_silent_lab_is_told_by_its_port() -> None:
    closed = silent(30, port=8888, listens=False, log="")
    assert (closed.code, closed.why) == (
        "never-listened",
        "Its port 8888 is closed, 30 s after it was started.",
    )
    assert silent(30, port=8888, listens=False, log=HUB).code == "hub-unreachable-from-lab"


def test_a_lab_of_this_hubs_major_version_is_no_stranger() -> None:
    assert stranger({"X-JupyterHub-Version": "6.0.0"}, "6.1.1") is None
    assert stranger({"X-JupyterHub-Version": "16.0.0"}, "6.1.1") is not None


def test_a_log_cannot_keep_the_hub_busy() -> None:
    assert seen_in("No space left on device" + "x" * 10_000) is None, "only its end is read"
    for text, _ in _LOGGED:
        assert not re.search(r"\.[*+]", text), "a gap of any length takes minutes to look through"
