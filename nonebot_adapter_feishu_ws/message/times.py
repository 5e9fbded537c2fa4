"""Feishu's timestamps in words. Pure."""

from datetime import UTC, datetime


def moment(value: object) -> str:
    """A Feishu timestamp (number or text; milliseconds, seconds in older places) as ``2024-03-15 10:53 UTC``."""
    try:
        number = float(value) if isinstance(value, (str, int, float)) else 0.0
        seconds = number / 1000 if number > 1e11 else number
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""
