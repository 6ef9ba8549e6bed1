"""Who is on the list of those who may come in."""

from __future__ import annotations

from pathlib import Path

import pytest

from labyard.auth.allowlist import AllowList, Unreadable, names
from labyard.core.errors import Forbidden


def test_a_name_a_line_whatever_its_case() -> None:
    text = "anna\n  Ben  # since May\n\n# carl\n#\nanna\r\ndora#x\n"
    assert names(text) == {"anna", "ben", "dora"}
    assert names("anna-maria") == {"anna-maria"}, "whole names only"


def test_it_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    file.write_text("anna\n")
    listed = AllowList(file)
    listed.demand("anna", admin=False)
    file.write_text("ben\n")
    with pytest.raises(Forbidden, match="anna is not on the list"):
        listed.demand("anna", admin=False)
    listed.demand("anna", admin=True)


def test_what_some_editors_put_first_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    file.write_text("anna\nben\n", encoding="utf-8-sig")
    AllowList(file).demand("anna", admin=False)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_list_that_cannot_be_read_lets_in_administrators_only(
    content: bytes | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "users.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Unreadable):
        AllowList(file).demand("anna", admin=False)
    assert str(file) in caplog.text
    AllowList(file).demand("root", admin=True)
