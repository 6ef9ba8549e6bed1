"""What is done inside volumes, where it was cut short and where names are odd."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from labyard.engines import errand


def test_what_was_overwritten_comes_back_links_to_directories_too(tmp_path: Path) -> None:
    scratch = tmp_path / ".labyard-upload-x"
    (scratch / "old/a").mkdir(parents=True)
    (tmp_path / "a").mkdir()
    (scratch / "old/a/file").write_text("before")
    (scratch / "old/a/link").symlink_to(tmp_path / "a")
    (scratch / "old/a/done").write_text("before")
    (tmp_path / "a/done").write_text("after")
    errand.put_back(str(tmp_path), str(scratch))
    assert (tmp_path / "a/file").read_text() == "before"
    assert (tmp_path / "a/link").is_symlink()
    assert (tmp_path / "a/done").read_text() == "after"
    assert not scratch.exists()


def test_a_refusal_about_a_name_that_is_no_text_can_be_sent(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    (scratch / "new").mkdir(parents=True)
    for place in (tmp_path, scratch / "new"):
        Path(os.fsdecode(os.fsencode(place) + b"/latin-\xe9\n")).write_text("x")
    orders = {"do": "keep", "root": str(tmp_path), "scratch": str(scratch)}
    command = [sys.executable, "-I", errand.__file__]
    done = subprocess.run(
        [*command, json.dumps({**orders, "folder": "", "overwrite": False})],
        capture_output=True,
        check=True,
    )
    refused = json.loads(done.stdout)["refused"]
    assert refused.startswith("Already there: latin-")
    assert refused.isprintable()
    assert refused.encode()
