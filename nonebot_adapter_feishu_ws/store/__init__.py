"""Stores: what must be remembered about events, in memory for now."""

from .base import Store
from .memory import MemoryStore

__all__ = ["MemoryStore", "Store"]
