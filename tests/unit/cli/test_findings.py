"""Doctor's judgements: each one good, and each one bad with a remedy."""

import stat
from pathlib import Path

import pytest

from labyard.cli import findings as f
from labyard.engines.firewall import Status

GB = 2**30
HERE = Path("/srv/yard/var")
DIRECTORY = stat.S_IFDIR


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (f.judge_disk(HERE, 40 * GB), "ok"),
        (f.judge_disk(HERE, 2 * GB), "warn"),
        (f.judge_disk(HERE, 2**20), "fail"),
        (f.judge_clock(0.4, "the engine"), "ok"),
        (f.judge_clock(-7, "the engine"), "warn"),
        (f.judge_clock(3600, "the engine"), "fail"),
        (f.judge_api("1.41"), "ok"),
        (f.judge_api("1.9"), "fail"),
        (f.judge_api(""), "fail"),
        (f.judge_runc("1.1.12"), "ok"),
        (f.judge_runc("1.3.0-rc.1"), "ok"),
        (f.judge_runc("1.1.5+ds1"), "warn"),
        (f.judge_runc(""), "ok"),
        (f.judge_private(HERE, DIRECTORY | 0o700, 1000, 1000), "ok"),
        (f.judge_private(HERE, DIRECTORY | 0o750, 1000, 1000), "fail"),
        (f.judge_private(HERE, DIRECTORY | 0o700, 0, 1000), "fail"),
        (f.judge_secret(HERE / "cookie", 0o600), "ok"),
        (f.judge_secret(HERE / "cookie", 0o644), "fail"),
        (f.judge_port("hub.port", 8081, "", ours=False), "ok"),
        (f.judge_port("hub.port", 8081, "port 8081 is in use", ours=True), "ok"),
        (f.judge_port("hub.port", 8081, "port 8081 is in use by nginx", ours=False), "fail"),
        (f.judge_port("hub.port", 8081, "", ours=True), "fail"),
        (f.judge_image("lab:1", True), "ok"),
        (f.judge_image("lab:1", False), "fail"),
        (f.judge_address("10.177.255.254", True), "ok"),
        (f.judge_address("10.177.255.254", False), "fail"),
        (f.judge_firewall(Status.APPLIED), "ok"),
        (f.judge_firewall(Status.MISSING), "warn"),
        (f.judge_firewall(Status.NOT_ROOT), "warn"),
        (f.judge_firewall(Status.NO_IPTABLES), "warn"),
        (f.judge_proxy("haproxy", runs=True, hub_runs=True), "ok"),
        (f.judge_proxy("haproxy", runs=False, hub_runs=False), "warn"),
        (f.judge_proxy("haproxy", runs=False, hub_runs=True), "fail"),
        (f.judge_service(True, "http://x/"), "ok"),
        (f.judge_service(False, "http://x/"), "fail"),
        (f.judge_journal("sqlite", "wal"), "ok"),
        (f.judge_journal("sqlite", "delete"), "warn"),
        (f.judge_journal("postgresql", ""), "ok"),
    ],
)
def test_each_judgement(found, state):
    assert found.state == state
    assert found.sentence.endswith(".")
    assert bool(found.remedy) == (state != "ok"), "what is not well has a remedy, and only that"


def test_settings_that_do_nothing_or_are_not_in_use_are_told():
    assert [found.state for found in f.judge_settings((), stale=False)] == ["ok"]
    found = list(f.judge_settings(("X does nothing.",), stale=True))
    assert [each.state for each in found] == ["warn", "warn"]
    assert found[0].sentence == "X does nothing."
    assert all(each.remedy for each in found)


def test_sentences_tell_the_value():
    assert f.judge_disk(HERE, 2 * GB).sentence == "2 GB free at /srv/yard/var."
    assert f.judge_clock(-90, "the engine").sentence == "The clock is 90 s behind the engine."
    assert "drwxr-x---" in f.judge_private(HERE, DIRECTORY | 0o750, 1, 1).sentence


def test_versions_compare_as_numbers():
    assert f.version_of("v1.10.2") > f.version_of("1.9")
    assert f.version_of("1.1.5+ds1") == (1, 1, 5)
    assert f.version_of("unknown") == ()
