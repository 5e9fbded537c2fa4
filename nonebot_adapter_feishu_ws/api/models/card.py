"""Results of card methods."""

from __future__ import annotations

from .base import Result


class CardId(Result):
    """A card entity.

    Attributes:
        card_id: its id; good for 14 days
    """

    card_id: str | None = None
