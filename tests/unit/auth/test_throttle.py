import pytest

from labyard.auth import throttle as module
from labyard.auth.throttle import Key, Throttle, TooMany, network
from labyard.core.addresses import host


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(window=30, clock=clock)


def key(about: str, most: int = 3) -> Key:
    return Key("address", about, most)


A, B = key("a"), key("b")


def test_takes_as_many_as_the_limit_then_says_how_long_to_wait(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.enter(A)
    with pytest.raises(TooMany) as caught:
        throttle.enter(A)
    assert caught.value.wait == 10
    assert caught.value.status == 429
    assert str(caught.value) == "Too many attempts from here. Try again in 10 seconds."


def test_lets_one_in_again_after_its_share_of_the_window(throttle: Throttle, clock: Clock) -> None:
    for _ in range(3):
        throttle.enter(A)
    clock.now = 10
    throttle.enter(A)
    with pytest.raises(TooMany):
        throttle.enter(A)


def test_being_turned_away_does_not_prolong_it(throttle: Throttle, clock: Clock) -> None:
    for _ in range(3):
        throttle.enter(A)
    for _ in range(100):
        with pytest.raises(TooMany):
            throttle.enter(A)
    clock.now = 10
    throttle.enter(A)


def test_keys_do_not_touch_each_other(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.enter(A)
    throttle.enter(B)
    throttle.enter(Key("name", "a", 3))


def test_a_good_attempt_is_taken_back(throttle: Throttle) -> None:
    for _ in range(20):
        throttle.enter(A, B)
        throttle.forgive(A, B)


def test_one_full_bucket_of_several_counts_nothing_on_the_others(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.enter(A)
    for _ in range(10):
        with pytest.raises(TooMany):
            throttle.enter(B, A)
    for _ in range(3):
        throttle.enter(B)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, throttle: Throttle) -> None:
    monkeypatch.setattr(module, "MOST_BUCKETS", 100)
    for number in range(1000):
        throttle.enter(key(str(number)))
    assert len(throttle._buckets) == 100
    assert throttle.of(key("999"))


def test_a_digest_tells_nothing_without_the_secret(throttle: Throttle) -> None:
    ours, theirs = Throttle(30, secret=b"ours"), Throttle(30, secret=b"theirs")
    assert ours.digest(A) != theirs.digest(A) != throttle.digest(A)
    assert ours.digest(Key("a", "b", 1)) != ours.digest(Key("ab", "", 1))
    assert ours.digest(key("\udc80"))  # what a form may carry


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
