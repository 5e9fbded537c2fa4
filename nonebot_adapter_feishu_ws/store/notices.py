"""Log lines of every store with an inbox."""

from ..logs import log
from .base import MAX_RUNS


def warn_dropped(count: int, replay_window: float) -> None:
    """Report events that became dead letters since nobody was there to handle them for too long, if there are any."""
    if count:
        log(
            "WARNING",
            "{} events waited when the last process ended, longer ago than {:g} s (FEISHU_REPLAY_WINDOW): they are "
            "parked, and not handled by themselves. python -m nonebot_adapter_feishu_ws.parked list names them, retry "
            "runs them. If the bot was not away for so long, a clock was wrong",
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
