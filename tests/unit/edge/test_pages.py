from __future__ import annotations

from pathlib import Path

import pytest

from labyard.core.files import replace
from labyard.edge import pages


@pytest.mark.parametrize("status", pages.STATUSES)
def test_a_page_is_a_whole_small_response(status: int) -> None:
    site = pages.Site("<script>", "#ffee00")
    head, _, body = pages.response(status, '/base/"><script>', site).partition(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert int(fields[b"Content-Length"]) == len(body) < 4000
    assert b"{{" not in body
    heals = status in {502, 503}
    assert body.count(b"<script>") == heals  # what looks again, and nothing else
    assert (b"script-src 'sha256-" in head) == heals
    assert (b'<noscript><meta http-equiv="refresh" content="5">' in body) == heals


def test_a_page_wears_the_sites_name_and_colours() -> None:
    page = pages.response(503, "/", pages.Site("Genome {{ home }}", "#1a5fb4")).decode()
    assert "<title>One moment, please · Genome {{ home }}</title>" in page
    assert "--button: #1a5fb4; --on-button: #ffffff;" in page
    assert "lab<b>yard</b>" in pages.response(503, "/").decode()


def test_a_small_logo_is_in_the_page_itself_and_a_large_one_is_not(tmp_path: Path) -> None:
    logo = tmp_path / "our logo.svg"
    logo.write_bytes(b"x" * 16 * 2**10)
    site = pages.Site('"Ours"', logo=pages.inlined(logo))
    page = pages.response(404, "/", site)
    assert b'<img src="data:image/svg+xml;base64,eHh4' in page
    assert b'alt="&quot;Ours&quot;"' in page
    assert len(page) < 2**16 - 1024  # what HAProxy takes
    logo.write_bytes(b"x" * (16 * 2**10 + 1))
    assert pages.inlined(logo) == ""
    other = tmp_path / "logo.html"
    other.write_text("<script>")
    assert pages.inlined(other) == ""


def test_a_logo_that_cannot_be_read_is_done_without(tmp_path: Path) -> None:
    assert pages.inlined(tmp_path / "gone.svg") == ""
    (tmp_path / "folder.svg").mkdir()
    assert pages.inlined(tmp_path / "folder.svg") == ""


def test_a_replaced_file_is_private_and_leaves_nothing_beside_it(tmp_path) -> None:
    file = tmp_path / "routes.map"
    for content in ("one", "two"):
        replace(file, content)
        assert file.read_text() == content
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
