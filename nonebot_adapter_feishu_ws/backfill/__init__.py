"""Backfill: messages that Feishu did not push during an outage are fetched from the chats' histories."""

from .backfill import OVERLAP, Backfill
from .known_chats import KnownChat, KnownChats

__all__ = ["OVERLAP", "Backfill", "KnownChat", "KnownChats"]
