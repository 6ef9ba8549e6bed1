"""What a page that a lab serves can do to whoever looks at it: with and without host names of labs' own.

The visitor is an administrator, whose session could do most. The page is served by a program in somebody
else's lab. What holds is a table here, and in ``docs/explanation/isolation.md``.
"""

from __future__ import annotations

from collections.abc import Callable

import docker
import pytest
from playwright.sync_api import Page, expect

from labyard.core.names import Names
from tests.browser.conftest import Seat
from tests.tools.yard import Yard

PORT = 8123
# Its worker says that it may answer for all of the host.
SERVE = f"""
from http.server import BaseHTTPRequestHandler, HTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        worker = self.path.endswith("sw.js")
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if worker else "text/html")
        self.send_header("Service-Worker-Allowed", "/")
        self.end_headers()
        self.wfile.write(b"" if worker else b"<!doctype html><title>x</title>served")

HTTPServer(("127.0.0.1", {PORT}), Page).serve_forever()
"""
SLOW = 90_000.0  # milliseconds

# Each returns true when it was done, and throws or returns false when it was not.
ATTEMPTS = {
    "read a page of the hub by fetch": "(await get(hub + 'hub/home')).includes('admin')",
    "read our home by fetch": "(await get(hub + 'services/labyard/')).includes('admin')",
    "read REST by fetch": "(await get(hub + 'hub/api/user')).includes('admin')",
    "read our REST by fetch": "(await get(hub + 'services/labyard/api/servers')).includes('user1')",
    "make a group by a form's post": "(await post(hub + 'hub/api/groups/made-by-a-lab')).ok",
    "stop a server by a form's post": "(await post(hub + 'services/labyard/server/stop')).ok",
    "frame a page of the hub": "await framed(hub + 'hub/home')",
    "frame our home": "await framed(hub + 'services/labyard/')",
    "sign the visitor out": "(await get(hub + 'hub/logout', 'no-cors'), false)",
    "answer for the hub by a service worker": "await answering(new URL(hub).pathname)",
    "see a cookie of the sign-in": "/login|token/.test(document.cookie)",
    "hold a page of the hub that it opened": "await opened(hub + 'hub/home')",
    "hold our home that it opened": "await opened(hub + 'services/labyard/')",
    "learn the hub's token for forms": "learned(hub + 'hub/')",
    "read another lab's files by fetch": "(await get(other + 'api/contents')).includes('content')",
    "change another lab's files": "(await post(other + 'api/contents')).ok",
}
# Where labs are on the hub's own origin, a browser takes their pages for the hub's.
ONLY_WITH_NAMES = {"learn the hub's token for forms", "read a page of the hub by fetch"}

TRY = """
async ({hub, other}) => {
const get = async (url, mode = "cors") => (await fetch(url, {credentials: "include", mode})).text();
const post = (url) => fetch(url, {
  method: "POST", credentials: "include", mode: "cors",
  headers: {"Content-Type": "text/plain"}, body: '{"server": ""}',
});
const framed = (url) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.onload = () => {
    try { done(frame.contentDocument.body.innerText.includes("admin")); } catch { done(false); }
  };
  frame.src = url;
  document.body.append(frame);
});
const opened = async (url) => {
  const other = window.open(url);
  for (let n = 0; n < 15; n += 1) {
    await new Promise((next) => setTimeout(next, 100));
    try { if (other.document.body.innerText.includes("admin")) return true; } catch {}
  }
  return false;
};
const answering = async (scope) => !!(await navigator.serviceWorker.register("sw.js", {scope}));
const learned = (url) => {
  const here = location.href;
  history.replaceState(null, "", url);
  const seen = document.cookie.includes("_xsrf");
  history.replaceState(null, "", here);
  return seen;
};
try { return %s; } catch { return false; }
}
"""


@pytest.fixture(scope="module", params=["shared", "named"])
def place(request: pytest.FixtureRequest) -> Yard:
    found: Yard = request.getfixturevalue({"shared": "yard", "named": "named"}[request.param])
    return found


def lab_url(place: Yard, name: str) -> str:
    host = "//" if place.address == place.url else f"//{name}."
    return place.url.replace("//", host) + f"user/{name}/"


def start(seat: Seat, lab: str) -> None:
    """Have a lab, which another test may have started."""
    if seat.page.locator("#start").count():
        seat.page.click("#start")
        seat.page.wait_for_url(f"{lab}lab**", timeout=SLOW)


def served(place: Yard, client: docker.DockerClient, name: str) -> None:
    """Have a program in a person's lab serve a page."""
    lab = client.containers.get(Names(place.installation).lab(name))
    lab.exec_run(["python3", "-c", SERVE], detach=True)


def visit(page: Page, url: str) -> None:
    """Go to a lab as somebody else: the hub asks first, once."""
    page.goto(url)
    allow = page.get_by_role("button", name="Authorize")
    if allow.count():
        allow.click()
    expect(page.locator("body")).to_contain_text("served")


@pytest.mark.timeout(300)
def test_a_labs_page_does_nothing_with_its_visitors_rights(
    place: Yard, sit: Callable[..., Seat], engine_client: docker.DockerClient
) -> None:
    for name in ("user1", "user2"):
        start(sit(place, name), lab_url(place, name))
    served(place, engine_client, "user1")

    admin = sit(place, "admin")
    page = admin.page
    visit(page, f"{lab_url(place, 'user1')}proxy/{PORT}/")
    done = {}
    for what, attempt in ATTEMPTS.items():
        given = {"hub": place.url, "other": lab_url(place, "user2")}
        done[what] = page.evaluate(TRY % attempt, given)
    succeeded = {what for what, did in done.items() if did}
    assert succeeded == (ONLY_WITH_NAMES if place.address == place.url else set())

    # Nothing was done, and the visitor is signed in still.
    admin.home()
    expect(page.locator("#login_widget")).to_be_visible()
    other = sit(place, "user2")
    expect(other.page.locator("#server")).to_contain_text("Running")
