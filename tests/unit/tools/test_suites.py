"""The test runner: what counts as good, and what it says last."""

from collections import Counter

import pytest


@pytest.fixture
def suites(tool):
    return tool("suites")


REPORT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure message="no"/></testcase>
<testcase name="c"><error message="no"/></testcase>
<testcase name="d"><skipped type="pytest.skip" message="no podman here"/></testcase>
<testcase name="e"><skipped type="pytest.xfail" message="known"/></testcase>
</testsuite></testsuites>"""


def test_a_report_is_read_whole(suites):
    counts, unasked = suites.read(REPORT)
    assert counts == {"passed": 1, "failure": 1, "error": 1, "skipped": 1, "xfailed": 1}
    assert unasked == ["d: no podman here"]


def test_a_test_that_skipped_itself_is_a_failure(suites):
    result = suites.Result("contract", 0, 1.0, Counter(passed=9, skipped=1), ["d: no podman here"])
    assert not result.good
    said = suites.summary([result], set(), 1.0)
    assert "✘ contract" in said
    assert "could not run d: no podman here" in said
    assert said.splitlines()[-1] == "1 failed, 9 passed in 1.00s"


def test_a_suite_that_broke_off_is_a_failure(suites):
    said = suites.summary([suites.Result("browser", 4, 2.0)], set(), 2.0)
    assert said.splitlines()[-1] == "1 failed, 0 passed in 2.00s"


def test_all_good(suites):
    results = [suites.Result("unit", 0, 1.5, Counter(passed=3)), suites.Result("check", 0, 0.5)]
    said = suites.summary(results, {"podman"}, 1.9)
    assert "switched off by name: podman" in said
    assert said.splitlines()[-1] == "0 failed, 3 passed in 1.90s"


def test_names_switch_off_tests(suites):
    assert suites.command("contract", {"podman", "chp"})[-2:] == ["-k", "not chp and not podman"]
    assert "-n" in suites.command("unit", set())
    assert "-n" not in suites.command("check", set())


def test_what_waits_for_different_things_runs_at_once(suites):
    asked = ["check", "parts", "unit", "contract", "integration", "browser", "faults"]
    rows = [["check", "parts", "unit"], ["contract", "integration"], ["browser", "faults"]]
    assert suites.side_by_side(asked) == rows
    assert suites.side_by_side(["integration"]) == [["integration"]]


def test_without_the_lab_image_nothing_further_is_tried(suites, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(suites, "REPORTS", tmp_path)
    monkeypatch.setattr(suites, "TARGETS", {"parts": "no-such-target", "check": "no-such-target"})
    assert suites.main(["parts", "contract"]) == 1
    assert "━━ contract ━━" not in capsys.readouterr().out
