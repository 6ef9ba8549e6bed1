"""What the kernel says of this machine."""

from labyard.engines.host import Memory, memory, parse_memory


def test_memory_is_read_in_bytes() -> None:
    text = "MemTotal:       24685652 kB\nMemFree: 1 kB\nMemAvailable:   23054020 kB\n"
    assert parse_memory(text) == Memory(24685652 * 1024, 23054020 * 1024)


def test_a_kernel_that_does_not_tell_is_no_error() -> None:
    assert parse_memory("MemTotal: 1 kB\n") is None
    here = memory()
    assert here is None or 0 < here.available <= here.total
