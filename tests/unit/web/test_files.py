"""The files that pages need, and no other."""

import gzip

import pytest

from labyard.web.files import BOOTSTRAP, STATIC, read


def test_a_file_comes_as_it_is_and_compressed() -> None:
    file = read("labyard.css")
    assert file is not None
    assert file.kind == "text/css"
    assert file.content == (STATIC / "labyard.css").read_bytes() == gzip.decompress(file.packed)
    assert len(file.packed) < len(file.content) / 2


def test_bootstrap_is_the_hubs_without_what_it_imports() -> None:
    file = read(BOOTSTRAP)
    assert file is not None
    css = file.content.decode()
    assert "Bootstrap" in css[:400]
    assert ".btn-outline-secondary" in css
    assert "@import" not in css
    assert "url(../" not in css.replace('"', "")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../app.py",
        "vendor",
        "vendor/../../app.py",
        "/etc/passwd",
        "nothing.css",
        "a\0b",
        "x" * 5000,
    ],
    ids=lambda name: repr(name[:20]),
)
def test_nothing_else_is_a_file(name: str) -> None:
    assert read(name) is None


def test_names_of_nothing_push_no_file_out_of_memory() -> None:
    file = read("labyard.css")
    for n in range(1000):
        read(f"nothing-{n}.css")
    assert read("labyard.css") is file
