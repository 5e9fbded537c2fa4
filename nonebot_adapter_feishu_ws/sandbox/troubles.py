"""Troubles by name, each one line of Python and one button of the page; :mod:`.faults` scripts what has no name."""

from typing import Any

from .acting import Acting
from .faults import Faults
from .gateway import SWAPPED, Gateway
from .state import World

NOWHERE = "ws://sandbox.invalid"
"""A name that no DNS knows (RFC 2606)."""


class Troubles(Acting):
    """What goes wrong between Feishu and a bot."""

    def __init__(self, world: World, gateway: Gateway, faults: Faults) -> None:
        super().__init__(world, gateway)
        self.faults: Faults = faults

    def drop(self, app_id: str) -> None:
        """Reset an app's sockets; the bot connects again."""
        for connection in self.gateway.connections.get(app_id, []):
            if connection.transport is not None:
                connection.transport.abort()

    def half_open(self, app_id: str, on: bool = True) -> None:
        """Let an app's sockets stay open while the server neither answers nor reads."""
        for connection in self.gateway.connections.get(app_id, []):
            connection.silent = on

    def slow_acks(self, seconds: float = 5.0) -> None:
        """Acks take this long to arrive, so that events of more than 3 s come again; 0 ends it."""
        self.gateway.ack_delay = seconds

    def duplicates(self, copies: int = 2) -> None:
        """Each event arrives this often; 1 ends it."""
        self.gateway.copies = max(1, copies)

    def rate_limit(self, place: str = "im/v1/messages", *, times: int = 1, seconds: int = 1) -> None:
        """Refuse calls with 99991400 (频控策略).

        Args:
            place: the beginning of a REST path.
            times: how many calls; -1 without end.
            seconds: after which the answer says to come again.
        """
        headers = {"x-ogw-ratelimit-limit": "1", "x-ogw-ratelimit-reset": str(seconds)}
        self.faults.add(place, code=99991400, status=429, times=times, headers=headers)

    def refuse(self, code: int, place: str = "im/v1/messages", *, times: int = 1) -> None:
        """Refuse calls with a code of Feishu.

        Args:
            code: such as 230020; in ``discovery`` and ``handshake`` one of the long connection's.
            place: ``discovery``, ``handshake`` or the beginning of a REST path.
            times: how many calls; -1 without end.
        """
        self.faults.add(place, code=code, times=times)

    def bad_dns(self, times: int = 1) -> None:
        """The next discoveries name a host for the socket that no DNS knows."""
        self.faults.add("discovery", origin=NOWHERE, times=times)

    def bad_tls(self, times: int = 1) -> None:
        """The next discoveries name a ``wss`` address where nobody speaks TLS (``ws`` where TLS is spoken)."""
        self.faults.add("discovery", origin=SWAPPED, times=times)

    def expire_tokens(self, app_id: str) -> None:
        """Make every token of an app invalid."""
        self.world.apps[app_id].tokens.clear()

    def all_faults(self) -> list[dict[str, Any]]:
        """What is scripted and has not happened yet, and the troubles that stay until they are ended."""
        scripted = [{"place": each.place, "times": each.times, "code": each.code} for each in self.faults.pending]
        return [*scripted, *self._lasting()]

    def _lasting(self) -> list[dict[str, Any]]:
        silent = [app_id for app_id, held in self.gateway.connections.items() if any(each.silent for each in held)]
        found: list[dict[str, Any]] = [{"name": "half_open", "app_id": app_id} for app_id in silent]
        if self.gateway.ack_delay:
            found.append({"name": "slow_acks", "seconds": self.gateway.ack_delay})
        if self.gateway.copies > 1:
            found.append({"name": "duplicates", "copies": self.gateway.copies})
        return found

    def clear_faults(self) -> None:
        """End all troubles, scripted and lasting."""
        self.faults.clear()
        self.gateway.ack_delay, self.gateway.copies = 0.0, 1
        for app_id in self.gateway.connections:
            self.half_open(app_id, False)
