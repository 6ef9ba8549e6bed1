"""What a run of tests that was killed leaves on the machine is gone before the next one begins."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import docker
import pytest

from labyard.core.names import INSTALLATION
from labyard.engines import firewall, host
from labyard.engines.firewall import Firewall, Status
from tests.tools import leftovers
from tests.tools.places import free_block

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.tools import leftovers
leftovers.note(*sys.argv[1:3], notes=Path(sys.argv[3]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def rules(engine_client: docker.DockerClient) -> Iterator[Firewall]:
    """An installation's rules and address, and a network and a volume with its label."""
    block = IPv4Network(free_block())
    rules = Firewall("t" + secrets.token_hex(4), block, host.hub_address(block), 8081)
    label = {INSTALLATION: rules.installation}
    assert host.ensure_address(rules.hub_address)
    assert firewall.apply(rules) is Status.APPLIED
    engine_client.networks.create(f"{rules.installation}-x", labels=label)
    engine_client.volumes.create(f"{rules.installation}-x", labels=label)
    yield rules
    leftovers.sweep(engine_client, rules.installation)
    firewall.remove(rules)
    host.remove_address(rules.hub_address)


def _there(client: docker.DockerClient, rules: Firewall) -> list[bool]:
    mine = {"filters": {"label": f"{INSTALLATION}={rules.installation}"}}
    return [
        rules.installation in subprocess.check_output(["iptables", "-S"], text=True),
        host.has_address(rules.hub_address),
        bool(client.networks.list(**mine)),
        bool(client.volumes.list(**mine)),
    ]


def test_what_a_killed_run_left_is_cleared_and_what_lives_is_not(
    rules: Firewall, engine_client: docker.DockerClient, tmp_path: Path
) -> None:
    leftovers.note(rules.installation, str(rules.block), notes=tmp_path)
    leftovers.clear(engine_client, notes=tmp_path)
    assert _there(engine_client, rules) == [True] * 4, "this process lives"

    arguments = [rules.installation, str(rules.block), str(tmp_path)]
    subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    leftovers.clear(engine_client, notes=tmp_path)
    assert _there(engine_client, rules) == [False] * 4
    assert not list(tmp_path.glob("t*"))
