import json
from pathlib import Path

import pytest

from bench.results import KEYS, load, merged, met, rendered, row, save


def measured(figure: str, ours: float, rival: float, **options: object) -> dict[str, object]:
    return {"run": "today", **row(figure, ours, rival, n=5, **options)}  # type: ignore[arg-type]


START = measured("second start (s)", 2.0, 5.0, target=0.45)
NOTICED = measured("noticed (ms)", 90.0, 1200.0, target=60, of="ours")
REQUESTS = measured("requests", 30000.0, 3000.0, target=8, better="higher")


def test_a_row_has_all_its_keys_and_ours_over_the_rivals() -> None:
    assert set(KEYS) <= set(START)
    assert START["ratio"] == 0.4


@pytest.mark.parametrize(("one", "reached"), [(START, True), (NOTICED, False), (REQUESTS, True)])
def test_a_target_is_for_the_ratio_or_for_our_own_figure(
    one: dict[str, object], reached: bool
) -> None:
    assert met(one) is reached


def test_a_row_without_of_is_judged_by_its_ratio() -> None:
    assert met({key: START[key] for key in KEYS})


def test_a_figure_measured_anew_takes_its_old_place() -> None:
    again = {**START, "ours": 1.0}
    assert merged([START, REQUESTS], [again, NOTICED]) == [again, REQUESTS, NOTICED]


def test_results_are_kept_and_the_page_shows_every_figure(tmp_path: Path) -> None:
    results, page = tmp_path / "results.json", tmp_path / "docs/page.md"
    assert load(results) == []
    save([START, NOTICED], results, page)
    assert load(results) == json.loads(results.read_text()) == [START, NOTICED]
    text = page.read_text()
    assert "| second start (s) | 2 | 5 | 0.40 | ≤ 0.45 | ✔ | 5 |" in text
    assert "| noticed (ms) | 90 | 1,200 | 0.07 | ≤ 60 (Labyard) | ✘ | 5 |" in text


def test_each_run_has_a_table_of_its_own() -> None:
    text = rendered([START, {**REQUESTS, "run": "yesterday"}])
    assert text.index("Measured today.") < text.index("Measured yesterday.")


def test_the_page_in_the_docs_is_made_from_the_results() -> None:
    root = Path(__file__).parents[3]
    page = root / "docs/reference/benchmarks.md"
    assert page.read_text() == rendered(load(root / "bench/results.json"))
