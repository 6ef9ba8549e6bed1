from labyard.engines.local.usage import Look, Sample, parse_pss, parse_stat

STAT = (
    "42 (a) b (c) S 7 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 3 0 12345 1000000 2000 "
    "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0"
)


def test_a_name_with_brackets_does_not_shift_the_fields() -> None:
    assert parse_stat(STAT) == Sample(parent=7, cpu=2.0, memory=2000 * 4096)


def test_pss_is_in_bytes() -> None:
    assert (
        parse_pss("00400000-7ffe ---p [rollup]\nRss:  9 kB\nPss:      5 kB\nPss_Anon: 1 kB\n")
        == 5120
    )


def test_only_the_descendants_count() -> None:
    samples = {pid: Sample(parent, 0, 0) for pid, parent in ((2, 1), (3, 2), (4, 3), (5, 1))}
    assert sorted(Look(0.0, samples).below(2)) == [3, 4]
