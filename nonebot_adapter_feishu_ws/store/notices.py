"""Log lines of every store with an inbox."""

from ..logs import log
from .base import MAX_RUNS


def warn_dropped(count: int, replay_window: float) -> None:
    """Report events that are too old to be answered, if there are any."""
    if count:
        log(
            "WARNING",
            "{} events that the last run left behind are older than {:g} s (FEISHU_REPLAY_WINDOW) "
            "and are not handled any more",
            count,
            replay_window,
        )


def report_dead_letter(key: str, place: str) -> None:
    """Report an event that is handled no more, and where its payload is kept."""
    log(
        "ERROR",
        "The event {} is parked: {} times the process died while it was handled. Its payload stays in {}: "
        "python -m nonebot_adapter_feishu_ws.parked shows it, and runs it again",
        key,
        MAX_RUNS,
        place,
        event_id=key,
    )
