from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from labyard.edge import pages
from labyard.edge.config import Door, render
from labyard.edge.haproxy import account, connections, threads
from labyard.edge.install import haproxy_path

DOORS = {
    "plain": Door("127.0.0.1", 8000),
    "everywhere": Door("0.0.0.0", 443, base_url="/jupyterhub/", account=account(), threads=4),
    "six": Door("::1", 8000, base_url="/a/b.c~d_e/", external_url="https://[fd00::1]:8443"),
    "behind": Door(
        "127.0.0.1",
        8000,
        external_url="https://labs.example.org",
        trusted=("10.0.0.0/8", "fd00::/8"),
        identity=("x-sso-name", "ismemberof"),
        vouch="5ec2e7",
        connections=100,
        max_body=2**33,
    ),
}


@pytest.fixture(params=DOORS)
def config(request: pytest.FixtureRequest) -> str:
    return render(DOORS[request.param])


def test_haproxy_takes_it_without_a_warning(config: str, tmp_path: Path) -> None:
    (tmp_path / "haproxy.cfg").write_text(config)
    (tmp_path / "routes.map").touch()
    for status in pages.STATUSES:
        (tmp_path / f"{status}.http").write_bytes(pages.response(status, "/"))
    haproxy = haproxy_path()
    assert haproxy
    checked = subprocess.run(
        [haproxy, "-c", "-f", "haproxy.cfg"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_no_value_of_the_settings_adds_a_line() -> None:
    """What a setting may hold is its schema's matter; a URL is free text and must not leak in."""
    for url in (
        "https://x\n    stats enable",
        "https://x }",
        "https://a b",
        "http://plain.example",
    ):
        assert render(Door("127.0.0.1", 1, external_url=url)) == render(Door("127.0.0.1", 1))


def test_a_climbing_path_is_refused_before_anything_is_looked_up(config: str) -> None:
    assert config.index("deny_status 400") < config.index("set-var(txn.route)")


def test_forwarding_headers_are_taken_off_before_they_are_put_on(config: str) -> None:
    assert config.index("del-header '^") < config.index("add-header X-Forwarded-For")


def test_connections_and_threads_are_what_this_machine_bears() -> None:
    assert 64 <= connections() <= 20_000
    assert 1 <= threads() <= 4
