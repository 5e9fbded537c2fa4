"""The parts that see a bot's traffic, and what takes their place when it is recorded."""

from collections.abc import Callable
from typing import Protocol

from ..api import ApiClient
from ..intake.receiver import Receiver


class Parts(Protocol):
    """Makes the receiver and the bots' clients, such that they record or not."""

    make_receiver: Callable[..., Receiver]
    make_client: Callable[..., ApiClient]

    def start(self) -> None:
        """The plugins are loaded, and traffic begins."""
        ...

    def stop(self) -> None:
        """Traffic has ended; may wait for a disk."""
        ...


class NoRecording:
    """The usual parts."""

    make_receiver: Callable[..., Receiver] = Receiver
    make_client: Callable[..., ApiClient] = ApiClient

    def start(self) -> None:
        """Nothing begins."""

    def stop(self) -> None:
        """Nothing ends."""
