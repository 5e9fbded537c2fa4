"""Feishu's codes in words: what each means and what to do about it. One table for logs, errors and the doctor."""

from collections.abc import Mapping
from functools import cache

from .base import CodeInfo, Kind

__all__ = ["CodeInfo", "Kind", "explain"]


def explain(code: int | None) -> CodeInfo | None:
    """What is known about a code, or None."""
    return None if code is None else _known().get(code)


@cache
def _known() -> Mapping[int, CodeInfo]:
    from .table import GROUPS  # nobody needs it before the first error; the warm-up loads it

    return {code: info for group in GROUPS.values() for code, info in group.items()}
