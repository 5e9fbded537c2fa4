"""Feishu's codes in words: what each means and what to do about it. One table for logs, errors and the doctor."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .base import CodeInfo, Kind
from .cards import CARDS
from .connection import CONNECTION
from .credentials import CREDENTIALS
from .general import GENERAL
from .messages import MESSAGES
from .resources import RESOURCES

__all__ = ["GROUPS", "CodeInfo", "Kind", "explain"]

GROUPS: Final[Mapping[str, Mapping[int, CodeInfo]]] = MappingProxyType(
    {
        "Long connection": CONNECTION,
        "Credentials and tokens": CREDENTIALS,
        "Any call": GENERAL,
        "Messages": MESSAGES,
        "Groups, users and files": RESOURCES,
        "Cards": CARDS,
    }
)
"""All known codes, by subject."""


def explain(code: int | None) -> CodeInfo | None:
    """What is known about a code, or None."""
    return next((group[code] for group in GROUPS.values() if code in group), None) if code is not None else None
