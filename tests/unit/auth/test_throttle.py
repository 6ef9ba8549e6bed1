import pytest

from labyard.auth import throttle as module
from labyard.auth.throttle import Throttle, TooMany, host, network


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(limit=3, window=30, clock=clock)


def test_takes_as_many_as_the_limit_then_says_how_long_to_wait(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.enter("a")
    with pytest.raises(TooMany) as caught:
        throttle.enter("a")
    assert caught.value.wait == 10
    assert caught.value.status == 429
    assert str(caught.value) == "Too many attempts from here. Try again in 10 seconds."


def test_lets_one_in_again_after_its_share_of_the_window(throttle: Throttle, clock: Clock) -> None:
    for _ in range(3):
        throttle.enter("a")
    clock.now = 10
    throttle.enter("a")
    with pytest.raises(TooMany):
        throttle.enter("a")


def test_being_turned_away_does_not_prolong_it(throttle: Throttle, clock: Clock) -> None:
    for _ in range(3):
        throttle.enter("a")
    for _ in range(100):
        with pytest.raises(TooMany):
            throttle.enter("a")
    clock.now = 10
    throttle.enter("a")


def test_keys_do_not_touch_each_other(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.enter("a")
    throttle.enter("b")


def test_a_good_attempt_is_taken_back(throttle: Throttle) -> None:
    for _ in range(20):
        throttle.enter("a", "b")
        throttle.forgive("a", "b")


def test_one_full_bucket_of_several_counts_nothing_on_the_others(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.enter("a")
    for _ in range(10):
        with pytest.raises(TooMany):
            throttle.enter("a", "b")
    for _ in range(3):
        throttle.enter("b")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, throttle: Throttle) -> None:
    monkeypatch.setattr(module, "_MOST_BUCKETS", 100)
    for number in range(1000):
        throttle.enter(number)
    assert len(throttle._buckets) == 100
    assert 999 in throttle._buckets


@pytest.mark.parametrize(
    ("address", "its_network", "its_host"),
    [
        ("192.0.2.77", "192.0.2.0/24", "192.0.2.77"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.77", "192.0.2.0/24", "192.0.2.77"),
        ("unix", "unix", "unix"),
    ],
)
def test_addresses_are_taken_together(address: str, its_network: str, its_host: str) -> None:
    assert network(address) == its_network
    assert host(address) == its_host
