"""Opens TCP connections to hosts by their names, and remembers which addresses led nowhere."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType]

NEXT_ADDRESS = 0.25
"""Seconds until the next address of a host is tried, too: IPv6 may be announced and lead nowhere (RFC 8305)."""
AVOID_FOR = 600.0
"""Seconds for which an address that led nowhere comes after the others of its host."""
Peer = tuple[str, int]
"""Address and port of the other end."""
AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""An address of a host, as :func:`socket.getaddrinfo` returns it."""


class Dialer:
    """Opens the connections of one loop."""

    def __init__(self) -> None:
        """Create a dialer that trusts all addresses."""
        self._avoided: dict[Peer, float] = {}
        self._lookups: dict[tuple[str, int], asyncio.Task[Sequence[AddressInfo]]] = {}

    async def connect(self, host: str, port: int) -> tuple[socket.socket, Peer]:
        """Connect to a host, first to those of its addresses that need not be avoided.

        The name is looked up each time, by the system, which notices when the machine's name servers have changed.

        Raises:
            OSError: the name has no address, or none of them takes a connection.
        """
        found = await self._look_up(host, port)
        now = asyncio.get_running_loop().time()
        self._avoided = {peer: at for peer, at in self._avoided.items() if now - at < AVOID_FOR}
        good = [it for it in found if _peer(it) not in self._avoided]
        avoided = sorted((it for it in found if it not in good), key=lambda it: self._avoided[_peer(it)])
        # Not all at once: an address that takes connections and never answers may be the fastest of them.
        if good:
            try:
                return await self._connect(good)
            except OSError:
                if not avoided:
                    raise
        return await self._connect(avoided)

    def avoid(self, peer: Peer | None) -> None:
        """Let the other addresses of its host come first: this one took a connection, and that led nowhere."""
        if peer is not None:
            self._avoided[peer] = asyncio.get_running_loop().time()

    async def _connect(self, addresses: Sequence[AddressInfo]) -> tuple[socket.socket, Peer]:
        try:
            sock = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS, interleave=1)
        except BaseException:  # the time may be up, too
            for it in addresses:
                self.avoid(_peer(it))
            raise
        return sock, sock.getpeername()[:2]

    async def _look_up(self, host: str, port: int) -> Sequence[AddressInfo]:
        """Look a name up, once for all who ask meanwhile: a lookup without an answer keeps a thread for seconds."""
        key = (host, port)
        if (lookup := self._lookups.get(key)) is None:
            lookup = self._lookups[key] = asyncio.create_task(_resolve(host, port), name="feishu-dns")
            lookup.add_done_callback(lambda it: it.cancelled() or it.exception())
        try:
            return await asyncio.shield(lookup)
        finally:
            # Also when somebody has waited too long: the next one asks anew, perhaps another server.
            if self._lookups.get(key) is lookup:
                del self._lookups[key]


async def _resolve(host: str, port: int) -> Sequence[AddressInfo]:
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _peer(info: AddressInfo) -> Peer:
    return info[4][:2]
