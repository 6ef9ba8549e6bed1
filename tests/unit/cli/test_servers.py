"""The list of servers, from a hub that answers while the service beside it does not."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from labyard.cli.main import cli
from labyard.wiring import Installation

SERVER = {"ready": True, "pending": None, "user_options": {"image": "lab:1"}}
USERS = {"items": [{"name": "anna", "servers": {"": SERVER}}], "_pagination": {"next": None}}


class HubAlone(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        there = self.path.startswith("/hub/api/users")
        content = json.dumps(USERS).encode() if there else b"<!doctype html>"
        self.send_response(200 if there else 503)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Path]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), HubAlone)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    file = tmp_path / "labyard.yaml"
    file.write_text(f"edge: {{port: {server.server_port}}}\n")
    token = Installation.here(file).paths.secret("cli.token")
    token.parent.mkdir(parents=True)
    token.write_text("t")
    yield file
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_list_is_shown_without_the_ends_that_nobody_tells(settings: Path) -> None:
    done = CliRunner().invoke(cli, ["--settings", str(settings), "servers", "list"])
    assert done.exit_code == 0, done.output
    assert "When servers end is not known" in done.stderr
    assert "anna" in done.stdout
    assert "ENDS" not in done.stdout
    done = CliRunner().invoke(cli, ["--settings", str(settings), "servers", "list", "--json"])
    (row,) = json.loads(done.stdout)
    assert row["name"] == "anna"
    assert "expires" not in row
