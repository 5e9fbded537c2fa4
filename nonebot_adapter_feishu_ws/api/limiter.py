"""Rate limits: who may send when. Pure: clock and sleep are arguments, no I/O.

A :class:`Lane` belongs to one chat or user: its calls go one after the other, in the order in which they came, at the
documented rate. A :class:`Gate` belongs to one API of an app: it is open until the platform signals that the app calls
too often.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..net.waiting import Sleep

Clock = Callable[[], float]
Reserve = Callable[[str], Awaitable[float]]
"""Takes a turn in a lane among all processes of the bot; returns the seconds until it comes."""

MAX_LANES = 1_000
"""Lanes from which on idle ones are forgotten: they hold nothing that matters, but a bot may talk in 100,000 chats."""
MAX_ALIASES = 2_000
"""Messages and users whose chat is remembered; a reply to an older message gets a lane of its own."""
CALM = 60.0
"""Seconds without a refusal after which a gate is wide open again."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` calls in any ``period`` seconds.

    Feishu documents 5 messages per second for one chat (shared by all its bots) and for one user (发送消息, 使用限制).
    """

    count: int = 5
    period: float = 1.0


class Lane:
    """Calls to one chat or user: one at a time, first come first served, within the rate.

    A call keeps the lane while it is tried again, so that the next one cannot overtake it. It holds one of ``count``
    tokens, which returns ``period`` seconds after the answer: Feishu has seen a call before it answers, so in any
    period it sees at most ``count`` of them, however long they were under way.
    """

    def __init__(
        self, rate: Rate, clock: Clock, sleep: Sleep, *, key: str = "", reserve: Reserve | None = None
    ) -> None:
        self.key = key
        """Its chat, user or message; the same name in all processes."""
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._reserve = reserve
        self._returns: list[float] = []
        self._turn = asyncio.Lock()
        self._interested = 0

    @property
    def idle(self) -> bool:
        """Whether it is unused and holds no state that would be lost."""
        return not self.in_use and (not self._returns or self._returns[-1] <= self._clock())

    @property
    def in_use(self) -> bool:
        """Whether a call holds it or waits for it."""
        return self._interested > 0

    # Plain methods in pairs: context managers made of generators would cost more than all the rest of a call.

    async def enter(self) -> None:
        """Hold the lane, after the calls that came before; :meth:`leave` gives it back."""
        self._interested += 1
        try:
            await self._turn.acquire()
        except BaseException:
            self._interested -= 1
            raise

    def leave(self) -> None:
        """Let the next call enter."""
        self._turn.release()
        self._interested -= 1

    async def take_token(self) -> None:
        """Begin one try of the call that holds the lane; :meth:`return_token` ends it."""
        while len(self._returns) == self._rate.count and (seconds := self._returns[0] - self._clock()) > 0:
            await self._sleep(seconds)
        if self._reserve is not None and (seconds := await self._reserve(self.key)) > 0:
            await self._sleep(seconds)

    def return_token(self) -> None:
        """The try was answered, or failed."""
        self._returns.append(self._clock() + self._rate.period)
        del self._returns[: -self._rate.count]


class Gate:
    """One API of an app. After a refusal it closes for the named seconds, then admits a quarter as many calls at once.

    Each round of answers without a refusal admits one more concurrent call, each further refusal quarters the number,
    so that waiting calls do not all run into the next refusal. After a minute without refusals the gate is wide open
    again.
    """

    def __init__(self, clock: Clock, sleep: Sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._opens_at = 0.0
        self._refused_at = float("-inf")
        self._width = 1.0
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def opens_in(self) -> float:
        """Seconds until it opens; 0 when it is open."""
        return max(0.0, self._opens_at - self._clock())

    @property
    def idle(self) -> bool:
        """Whether it is wide open and unused."""
        return self._inside == 0 and not self._waiting and self._is_calm()

    def refused(self, seconds: float) -> None:
        """Note a refusal by the platform: close for ``seconds``, then admit a quarter as many calls at a time."""
        if self.opens_in == 0:  # else another call of the crowd that was refused
            crowd = self._inside if self._is_calm() else min(self._width, self._inside)
            self._width = max(1.0, crowd / 4)
        self._refused_at = self._clock()
        self._opens_at = max(self._opens_at, self._refused_at + seconds)

    def passed(self) -> None:
        """Note a call that the platform accepted. Calls that began before the last refusal do not count."""
        if self.opens_in == 0:
            self._width += 1 / self._width
            self._admit()

    async def enter(self) -> None:
        """Begin one try of a call, which :meth:`leave` ends; waits while the gate is closed or crowded, first come
        first served."""
        await self._find_room()
        try:
            while (seconds := self.opens_in) > 0:
                await self._sleep(seconds)
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """The try was answered, or failed."""
        self._inside -= 1
        self._admit()

    def _is_calm(self) -> bool:
        return self._clock() - self._refused_at >= CALM and self.opens_in == 0

    def _has_room(self) -> bool:
        return self._is_calm() or self._inside + 1 <= self._width

    async def _find_room(self) -> None:
        if not self._waiting and self._has_room():
            self._inside += 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # it was admitted at the same moment
                self.leave()
            elif mine in self._waiting:  # else the gate has skipped it already
                self._waiting.remove(mine)
            raise

    def _admit(self) -> None:
        while self._waiting and self._has_room():
            mine = self._waiting.popleft()
            if not mine.done():
                self._inside += 1
                mine.set_result(None)


class Limiter:
    """The lanes and gates of one bot. Lives on NoneBot's loop."""

    def __init__(self, rate: Rate, clock: Clock, sleep: Sleep, *, reserve: Reserve | None = None) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._reserve = reserve
        self._lanes: OrderedDict[str, Lane] = OrderedDict()
        self._gates: dict[str, Gate] = {}
        self._chats: OrderedDict[str, str] = OrderedDict()
        self._search_at = MAX_LANES

    def lane(self, key: str) -> Lane:
        """The lane of a chat, user or message; messages with a known chat share the chat's lane."""
        key = self._chats.get(key, key)
        if (lane := self._lanes.get(key)) is None:
            lane = self._lanes[key] = Lane(self._rate, self._clock, self._sleep, key=key, reserve=self._reserve)
            self._forget_idle(lane)
        self._lanes.move_to_end(key)
        return lane

    def gate(self, api: str) -> Gate:
        """The gate of an API, such as ``POST im/v1/messages/:id/reply``."""
        if (gate := self._gates.get(api)) is None:
            if len(self._gates) >= 1000:
                self._gates = {name: gate for name, gate in self._gates.items() if not gate.idle}
            gate = self._gates[api] = Gate(self._clock, self._sleep)
        return gate

    def learn(self, key: str, chat_id: str) -> None:
        """Note that a message, or the private chat with a user, belongs to a chat: both share one lane from now on."""
        if not key or not chat_id or key == chat_id or self._chats.get(key) == chat_id:
            return
        mine, chats = self._lanes.get(key), self._lanes.get(chat_id)
        if mine is not None and chats is None:
            self._lanes[chat_id] = mine
            mine.key = chat_id
        elif mine is not None and chats is not mine and mine.in_use:
            return  # both in use: calls that joined one lane now would overtake those waiting in the other
        self._lanes.pop(key, None)
        self._chats[key] = chat_id
        if len(self._chats) > MAX_ALIASES:
            self._chats.popitem(last=False)

    def _forget_idle(self, keep: Lane) -> None:
        if len(self._lanes) <= self._search_at:
            return
        for key in [key for key, lane in self._lanes.items() if lane.idle and lane is not keep]:
            del self._lanes[key]
        # Twice what is left, so that a crowd of busy lanes is not searched for every new chat.
        self._search_at = max(MAX_LANES, 2 * len(self._lanes))
