"""``StreamResult``: what became of a stream."""

from dataclasses import dataclass
from typing import NoReturn

from .modes import ModeName


class FormerNames:
    """Names of the first release, which raise with the new one in the text."""

    __slots__ = ()

    @property
    def rung(self) -> NoReturn:
        """The former name of ``mode``.

        Raises:
            AttributeError: always; the text has the new name.
        """
        raise AttributeError("rung is called mode now")


@dataclass(frozen=True, slots=True)
class StreamResult(FormerNames):
    """What became of a stream.

    Attributes:
        text: all that was written.
        message_ids: the messages that show it, in order.
        mode: the last mode: ``card``, ``edit`` or ``plain``.
        stopped: whether somebody pressed the stop button.
    """

    text: str
    message_ids: list[str]
    mode: ModeName
    stopped: bool = False
