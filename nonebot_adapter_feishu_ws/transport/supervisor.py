"""Keeps one bot connected: quick attempts, slow probing, and the status that describes them."""

import asyncio
from asyncio import Timeout, timeout
from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from itertools import islice

from ..codes import explain
from ..event.envelope import EventReceiver
from ..exception import ConnectionFailed
from ..logs import log
from ..net.waiting import backoff, wait_for_event
from .reconnect import Verdict, classify, probe_delay
from .status import ClientConfig, ConnectionState, ConnectionStatus, Timing, Transport, utc

STABLE_AFTER = 60.0
"""Seconds a connection must last before the failed attempts are forgotten, so that a flapping one still shows."""


@dataclass(frozen=True, slots=True)
class ReconnectPolicy:
    """How many quick attempts precede the slow probing.

    Attributes:
        delays: seconds before each quick attempt, with jitter; the last one repeats.
        attempts: how many quick attempts before the state becomes ``error``.
    """

    delays: Sequence[float] = (1.0, 2.0, 4.0, 8.0, 16.0)
    attempts: int = 5


@dataclass(eq=False, repr=False)
class Supervisor:
    """Keeps one bot's transport connected; the callbacks of its transport.

    Lives on the network loop; ``status`` may be read on any thread. ``on_change`` must not block.
    """

    bot_id: str
    transport: Transport
    receiver: EventReceiver
    _: KW_ONLY
    policy: ReconnectPolicy
    timing: Timing
    on_change: Callable[[ConnectionStatus], None]
    client_config: ClientConfig = field(default_factory=ClientConfig)
    _reconnect_now: asyncio.Event = field(default_factory=asyncio.Event)
    _reconnect_spread: float = 0.0
    _serving: Timeout | None = None
    _last_heartbeat: float | None = None
    _opened_at: float | None = None

    def __post_init__(self) -> None:
        self._phase = ConnectionStatus(bot_id=self.bot_id, state=ConnectionState.CONNECTING)
        self._forget_failures()

    @property
    def status(self) -> ConnectionStatus:
        """A snapshot of now."""
        return replace(self._phase, last_heartbeat=utc(self._last_heartbeat))

    def reconnect_now(self, spread: float = 0.0) -> None:
        """End the current wait or connection, and connect again with a fresh count of attempts.

        ``spread``: wait a random time of up to this many seconds, so that many bots do not reconnect at once.
        """
        self._reconnect_spread = spread
        if not self._reconnect_now.is_set() and self._serving is not None:
            self._serving.reschedule(0)
        self._reconnect_now.set()

    async def run(self) -> None:
        """Connect, serve, and connect again, until cancelled or a fatal answer."""
        self.on_change(self.status)
        try:
            await self._keep_connected()
        except asyncio.CancelledError:
            self._enter(ConnectionStatus(bot_id=self.bot_id))
            raise
        finally:
            await self.transport.close()

    # The transport's callbacks

    def opened(self) -> None:
        """The connection is open."""
        self._opened_at = self.timing.monotonic()
        self._last_heartbeat = self.timing.wall()
        self._enter(
            ConnectionStatus(
                bot_id=self.bot_id,
                state=ConnectionState.CONNECTED,
                connected_at=utc(self._last_heartbeat),
                attempts=self._attempts,
            )
        )
        log("INFO", "Bot {bot}: long connection established", bot=self.bot_id)

    def alive(self) -> None:
        """Something arrived from the server."""
        self._last_heartbeat = self.timing.wall()

    # Attempts

    async def _keep_connected(self) -> None:
        while True:
            # While it probes slowly the bot stays in `error`: an operator must not see it flicker.
            probing = self._phase.state is ConnectionState.ERROR
            state = ConnectionState.ERROR if probing else ConnectionState.CONNECTING
            self._enter(replace(self._phase, state=state, next_attempt_at=None))
            error = await self._serve_until_reconnect()
            if error is None:
                await self._start_over()
                continue
            if self._opened_at is not None and self.timing.monotonic() - self._opened_at >= STABLE_AFTER:
                self._forget_failures()
            self._opened_at = None
            delay = self._plan_next(error)
            if delay is None:
                return
            if await wait_for_event(self._reconnect_now, delay, self.timing.sleep):
                await self._start_over()

    async def _serve_until_reconnect(self) -> ConnectionFailed | None:
        """Serve one connection; returns why it ended, or None when :meth:`reconnect_now` ended it."""
        try:
            # A deadline that reconnect_now() sets: two more tasks per bot would do the same.
            async with timeout(0 if self._reconnect_now.is_set() else None) as self._serving:
                return await self._serve()
        except TimeoutError:
            return None
        finally:
            self._serving = None

    async def _serve(self) -> ConnectionFailed:
        try:
            await self.transport.serve(self)
        except ConnectionFailed as error:
            return error
        except Exception as error:  # noqa: BLE001 - a defect in one bot's transport must not end its supervision
            log("ERROR", "Bot {bot}: the connection ended with an unexpected error", bot=self.bot_id, exception=error)
            return ConnectionFailed(f"unexpected {type(error).__name__} (see the log)", phase="socket")
        return ConnectionFailed("the server closed the connection", phase="socket")

    async def _start_over(self) -> None:
        self._reconnect_now.clear()
        self._opened_at = None
        self._forget_failures()
        self._enter(ConnectionStatus(bot_id=self.bot_id, state=ConnectionState.CONNECTING))
        await self.timing.sleep(self._reconnect_spread * self.timing.random())

    def _forget_failures(self) -> None:
        self._attempts = 0
        delays = backoff(self.policy.delays, self.timing.random)
        self._delays: Iterator[float] = islice(delays, self.policy.attempts)

    def _plan_next(self, error: ConnectionFailed) -> float | None:
        """Enter and log the state after a failure; returns the seconds until the next attempt, None for never."""
        self._attempts += 1
        verdict = classify(error)
        delay = next(self._delays, None) if verdict is Verdict.RETRY else None
        state = ConnectionState.ERROR if delay is None else ConnectionState.CONNECTING
        if verdict is Verdict.FATAL:
            plan = "No further attempt is made until a restart or a manual connect; other bots are not affected."
        elif delay is None:
            delay = probe_delay(self.client_config, self.timing.random)
            plan = f"Probing slowly; next attempt in {delay:.1f} s."
        else:
            plan = f"Attempt {self._attempts} failed; next attempt in {delay:.1f} s."
        known = explain(error.code)
        status = ConnectionStatus(
            bot_id=self.bot_id,
            state=state,
            attempts=self._attempts,
            next_attempt_at=None if delay is None else utc(self.timing.wall() + delay),
            error=f"{error.message} ({known.meaning})" if known else error.message,
            error_code=error.code,
            advice=known.advice if known else None,
        )
        self._enter(status)
        level = "ERROR" if state is ConnectionState.ERROR else "WARNING"
        log(level, "Bot {bot}: {} {}", _sentence(status), plan, bot=self.bot_id)
        return delay

    def _enter(self, phase: ConnectionStatus) -> None:
        changed = phase.state is not self._phase.state or phase.error != self._phase.error
        self._phase = phase
        if changed:
            self.on_change(self.status)


def _sentence(status: ConnectionStatus) -> str:
    code = f" [code {status.error_code}]" if status.error_code is not None else ""
    advice = f" {status.advice}" if status.advice else ""
    return f"{status.error}{code}.{advice}"
