"""Updates are spaced evenly, edits slower and slower; the clock is given."""

import math

import pytest

from nonebot_adapter_feishu_ws.stream.pacing import MAX_EDITS, Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_no_second_has_more_updates_than_allowed():
    clock, sent = Clock(), []
    pace = Pace(1 / 5, clock)
    for _ in range(1000):
        if pace.delay() == 0:
            pace.spend()
            sent.append(clock.now)
        clock.now += 0.01
    assert len(sent) == 50
    assert max(sum(at <= other < at + 0.999 for other in sent) for at in sent) == 5


def test_the_first_update_goes_at_once():
    assert Pace(1.0, Clock()).delay() == 0


def test_edits_become_rare_and_the_last_one_is_kept():
    clock = Clock()
    pace, waits = Pace.of_edits(1.0, clock), []
    while (delay := pace.delay()) < math.inf:
        waits.append(delay)
        clock.now += delay
        pace.spend()
    assert pace.updates == MAX_EDITS - 1
    assert waits[0] == 1.0
    assert waits == sorted(waits)
    assert sum(waits) == pytest.approx(273, abs=2)
