"""Feishu's times: seconds, milliseconds or microseconds since the epoch, as texts or numbers. Pure."""

from datetime import UTC, datetime

_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From which number on a time is in which part of a second: 10^11 seconds are in the year 5138."""


def to_seconds(value: object) -> float:
    """Seconds since the epoch of a time in any of Feishu's units; 0.0 for what is no time.

    ``header.create_time`` has milliseconds (事件结构), that of ``card.action.trigger`` microseconds (卡片回传交互);
    ``ts`` of the first version has seconds with decimals.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    if not 0 < number < 1e20:
        return 0.0
    return next((number / part for least, part in _UNITS if number >= least), number)


def to_time(value: object) -> datetime:
    """The same as an aware time in UTC; the epoch for what is no time."""
    return datetime.fromtimestamp(to_seconds(value), UTC)


def moment(value: object) -> str:
    """A time in words, as ``2024-03-15 10:53 UTC``; empty for what is no time."""
    return to_time(value).strftime("%Y-%m-%d %H:%M UTC") if to_seconds(value) else ""
