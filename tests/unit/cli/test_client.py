"""The REST client against a real HTTP server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from labyard.cli.client import Client, Unreachable, explain
from labyard.core.errors import Busy, LabyardError, NotFound, Refused

USERS = [f"user{n:03}" for n in range(450)]


class Hub(BaseHTTPRequestHandler):
    """Pages of 200 users, an echo, and refusals."""

    def do_GET(self):
        url = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        if url.path == "/base/hub/api/users":
            offset, limit = int(query["offset"]), min(int(query["limit"]), 200)
            following = offset + limit < len(USERS)
            self.answer(
                200,
                {
                    "items": [{"name": name} for name in USERS[offset : offset + limit]],
                    "_pagination": {"next": {"offset": offset + limit} if following else None},
                },
            )
        elif url.path.endswith("/moved"):
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/stolen")
            self.end_headers()
        elif url.path.endswith("/plain"):
            self.answer(200, [])
        else:
            self.answer(200, {"path": self.path, "token": self.headers["Authorization"]})

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(int(sent.pop("status", 200)), sent)

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Client(f"http://127.0.0.1:{server.server_port}/base/", "s3cret")
    server.shutdown()
    server.server_close()
    thread.join()


def test_all_pages_are_read(hub):
    assert [user["name"] for user in hub.pages("users")] == USERS


def test_a_list_without_pages_is_not_taken_for_whole(hub):
    with pytest.raises(LabyardError, match="may not be whole"):
        list(hub.pages("plain"))


def test_every_part_of_a_path_is_escaped(hub):
    answer = hub.hub("GET", "users", "a/../b c?d", "server")
    assert answer["path"] == "/base/hub/api/users/a%2F..%2Fb%20c%3Fd/server"
    assert answer["token"] == "token s3cret"
    answer = hub.service("GET", "servers", lines=3)
    assert answer["path"] == "/base/services/labyard/api/servers?lines=3"


def test_a_redirect_is_not_followed_with_the_token(hub):
    with pytest.raises(LabyardError):
        hub.hub("GET", "moved")


def test_a_proxy_of_the_environment_sees_nothing(hub, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert Client(hub.url, "t").hub("GET", "anything")["token"]


def test_what_the_hub_says_is_what_a_person_reads(hub):
    with pytest.raises(Busy, match="is stopping") as caught:
        hub.hub("POST", "x", body={"status": 409, "message": "It is stopping.", "remedy": "Wait."})
    assert caught.value.remedy == "Wait."


def test_nobody_there_says_how_to_start_it():
    with pytest.raises(Unreachable, match="does not answer") as caught:
        Client("http://127.0.0.1:9/", "t", timeout=2).hub("GET", "users")
    assert "labyard up" in caught.value.remedy


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Refused), (403, Refused), (404, NotFound), (409, Busy), (503, Unreachable)],
)
def test_each_status_has_its_error(status, kind):
    assert type(explain(status, None, "GET", "http://x/")) is kind
