"""Feishu's codes in words: what each means and what to do about it. One table for logs, errors and the doctor."""

from typing import Final

from .base import CodeInfo, Kind
from .table import GROUPS

__all__ = ["GROUPS", "CodeInfo", "Kind", "explain"]

_ALL: Final = {code: info for group in GROUPS.values() for code, info in group.items()}


def explain(code: int | None) -> CodeInfo | None:
    """What is known about a code, or None."""
    return None if code is None else _ALL.get(code)
