"""A door for operators: look at the events that were given up, run them again, or drop them."""

from __future__ import annotations

from .store import ParkedEvent, ParkedEvents, open_parked

__all__ = ["ParkedEvent", "ParkedEvents", "open_parked"]
