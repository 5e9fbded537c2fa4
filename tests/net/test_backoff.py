"""The one back-off, pure."""

from itertools import islice

from nonebot_adapter_feishu_ws.net.backoff import FULL_JITTER, backoff, doubling


def first(count, steps, random, **options):
    return list(islice(backoff(steps, lambda: random, **options), count))


def test_delays_are_spread_to_both_sides_and_the_last_repeats():
    assert first(5, [1, 2, 4], 0.5) == [1, 2, 4, 4, 4]
    assert first(2, [1, 2], 0.0) == [0.5, 1]
    assert first(2, [1, 2], 1.0) == [1.5, 3]


def test_full_jitter_goes_down_to_nothing():
    assert first(2, [1, 2], 0.0, spread=FULL_JITTER) == [0, 0]
    assert first(2, [1, 2], 1.0, spread=FULL_JITTER) == [1, 2]


def test_seconds_double_up_to_the_cap():
    assert doubling(1, 10) == (1, 2, 4, 8, 10)
    assert doubling(5, 5) == (5,)
