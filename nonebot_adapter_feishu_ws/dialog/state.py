"""What the bots of one adapter know of their conversations, whichever ``Bot`` object of theirs is asked."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ..store import Kept
from .merging import Merging
from .sessions import Sessions
from .texts import Texts
from .topics import Topics

if TYPE_CHECKING:
    from .questions import Questions


class Dialogs:
    """The conversations of all bots of one adapter. Lives on NoneBot's loop."""

    def __init__(self, kept: Kept, merge_window: float | None = None) -> None:
        """Begin without any.

        Args:
            kept: what the store remembers.
            merge_window: seconds for which an image waits for the text that follows; None: not at all.
        """
        self.topics: Topics = Topics(kept)
        self.texts: Texts = Texts(kept)
        self.sessions: Sessions = Sessions()
        self.merging: Merging = Merging(merge_window)
        self.is_ending: bool = False
        """Whether the process ends, so that questions stay open for the next one."""
        self._kept = kept

    @cached_property
    def questions(self) -> Questions:
        """The questions to people."""
        from .questions import Questions  # only a plugin that asks loads it, and what builds cards

        return Questions(self._kept, lambda: self.is_ending)
