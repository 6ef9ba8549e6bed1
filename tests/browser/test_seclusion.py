"""The browser of these tests sees nothing of the networks that come and go with labs beside it."""

from __future__ import annotations

import os
import subprocess

from tests.browser.conftest import Seat

FETCH = """() => {
    window.fetched = 0;
    window.failures = [];
    window.going = true;
    const on = async () => {
        while (window.going) {
            try {
                await (await fetch(`${location.href}?${Math.random()}`)).text();
                window.fetched += 1;
            } catch (error) {
                window.failures.push(String(error));
            }
        }
    };
    for (let beside = 0; beside < 8; beside += 1) on(); // two of them wait for a connection
}"""
# Chromium acts on a change two seconds after it.
ACTED_UPON = "after => performance.now() > after + 3000"


def test_nothing_is_given_up_while_networks_come_and_go(stranger: Seat) -> None:
    page = stranger.open("hub/login")
    page.evaluate(FETCH)
    one, other = f"one{os.getpid()}", f"other{os.getpid()}"
    ip("link", "add", one, "type", "veth", "peer", "name", other)
    ip("address", "add", "10.184.254.1/24", "dev", one)
    ip("link", "set", one, "up")
    ip("link", "set", other, "up")
    page.wait_for_function(ACTED_UPON, arg=page.evaluate("performance.now()"))
    ip("link", "delete", one)
    page.wait_for_function(ACTED_UPON, arg=page.evaluate("performance.now()"))
    page.evaluate("window.going = false")
    assert page.evaluate("window.failures") == []
    assert page.evaluate("window.fetched") > 0
    assert stranger.problems == []


def ip(*arguments: str) -> None:
    """Change the networks of this machine."""
    subprocess.run(["ip", *arguments], check=True)
