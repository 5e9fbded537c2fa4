"""Backfill: after an outage the messages that nobody pushed any more are fetched from the chats' histories."""

from __future__ import annotations

from .backfill import OVERLAP, Backfill, Policy
from .known_chats import Place, Places

__all__ = ["OVERLAP", "Backfill", "Place", "Places", "Policy"]
