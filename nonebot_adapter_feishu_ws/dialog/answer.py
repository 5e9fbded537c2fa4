"""What a question to people takes and gives: choices and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from ..card.controls import ButtonType  # it comes with what builds cards

MARK: Final = "feishu_confirm"
"""The key of a button's value that names its question."""
AnswerScope = Literal["once", "session", "always"]
"""How long a choice is remembered: not at all, for this sender in this topic or chat, or for this sender for good."""
Ending = Literal["answered", "timeout", "cancelled"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of a question.

    Attributes:
        text: what it says, at most 100 characters.
        scope: how long it is remembered when it is pressed; anything but ``"once"`` needs ``about=``.
        type: how it looks; by default the first button is ``primary``.
    """

    text: str
    scope: AnswerScope = "once"
    type: ButtonType | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question.

    Attributes:
        choice: the key of the button that was pressed; None when nobody pressed one.
        by: the open_id of who pressed it, or another id of theirs; empty when nobody did.
        at: when it was pressed, or when waiting ended, in seconds since the epoch.
        ending: ``"answered"``, ``"timeout"`` or ``"cancelled"``.
        remembered: whether it was given to an earlier question, so that no card was sent.
        message_id: the card; empty for a remembered answer.
    """

    choice: str | None
    by: str = ""
    at: float = 0.0
    ending: Ending = "answered"
    remembered: bool = False
    message_id: str = ""

    @property
    def timed_out(self) -> bool:
        """Whether nobody pressed a button in time."""
        return self.ending == "timeout"

    def __bool__(self) -> bool:
        """Refuse to be a yes or no: an answer "no" is an answer, too.

        Raises:
            TypeError: always.
        """
        raise TypeError('an answer is neither true nor false: compare its choice, as in answer.choice == "yes"')
