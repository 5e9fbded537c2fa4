"""Faults that tests script: what fails next, where, and how often."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web


@dataclass(slots=True)
class Fault:
    """One kind of failure at one place.

    Attributes:
        place: ``discovery``, ``handshake``, or the beginning of a REST path below ``/open-apis/``.
        times: how often it happens; -1 without end.
        delay: seconds before anything else.
        status: HTTP status to answer with.
        body: raw body to answer with.
        code: Feishu's code to answer with.
        drop: cut the connection ``before`` or ``after`` the server has acted.
        hang: never answer.
        stall: seconds between acting and answering.
        headers: further headers of an answer with a code.
        share: which part of the calls at this place fails, 0.0-1.0.
        auth_code: for the handshake, ``handshake-autherrcode``.
        origin: for discovery, where the URL of the socket points instead.
    """

    place: str
    times: int = 1
    delay: float = 0.0
    status: int | None = None
    body: bytes | None = None
    code: int | None = None
    drop: Literal["before", "after"] | None = None
    hang: bool = False
    stall: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    share: float = 1.0
    auth_code: int | None = None
    origin: str = ""


@dataclass(slots=True)
class Faults:
    """The scripted faults; those of one place happen in the order in which they were added."""

    pending: list[Fault] = field(default_factory=list[Fault])
    random: Callable[[], float] = random.random

    def add(self, place: str, **what: object) -> Fault:
        """Script a fault; see :class:`Fault` for the names."""
        fault = Fault(place, **what)  # pyright: ignore[reportArgumentType]
        self.pending.append(fault)
        return fault

    def take(self, place: str) -> Fault | None:
        """The next fault for a place, counted down."""
        for fault in self.pending:
            exact = fault.place in ("discovery", "handshake")
            if place == fault.place or (not exact and place.startswith(fault.place)):
                if fault.share < 1.0 and self.random() >= fault.share:
                    continue
                fault.times -= 1
                if fault.times == 0:
                    self.pending.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Drop all faults that have not happened yet."""
        self.pending.clear()


async def play(fault: Fault, request: web.Request) -> web.Response | None:
    """Do what a fault says before the server acts; returns the answer in place of the server's own, if there is one."""
    await asyncio.sleep(fault.delay)
    if fault.hang:
        await asyncio.sleep(3600)
    if fault.drop == "before" and request.transport is not None:
        request.transport.abort()
    if fault.body is not None:
        return web.Response(status=fault.status or 200, body=fault.body, content_type="text/html")
    if fault.code is not None or fault.status is None:
        return None
    return web.Response(status=fault.status, text="scripted")
