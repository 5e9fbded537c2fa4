"""Keeps one bot's connection: attempts, backoff, slow probing, and the status that tells about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ..codes import explain
from ..event.envelope import Receive
from ..exception import ConnectionFailed
from ..log import log
from .reconnect import Verdict, backoff, classify, probe_delay
from .status import ConnectionState, ConnectionStatus, Link, Timing, Transport, utc

T = TypeVar("T")

STABLE_AFTER = 60.0
"""Seconds a connection must hold before the failed attempts are forgotten, so that a flapping one still shows."""


@dataclass(frozen=True, slots=True)
class ReconnectPolicy:
    """How quick attempts are made before the slow probing.

    Attributes:
        delays: seconds before each quick attempt, spread by jitter; the last one repeats.
        attempts: how many quick attempts before the state becomes ``error``.
    """

    delays: Sequence[float] = (1.0, 2.0, 4.0, 8.0, 16.0)
    attempts: int = 5


class Supervisor:
    """Runs one bot's transport for as long as it takes. Lives on the network loop; ``status`` reads anywhere."""

    def __init__(
        self,
        bot_id: str,
        transport: Transport,
        receive: Receive,
        *,
        policy: ReconnectPolicy,
        timing: Timing,
        on_change: Callable[[ConnectionStatus], None],
    ) -> None:
        self.bot_id = bot_id
        self._transport = transport
        self._policy = policy
        self._timing = timing
        self._on_change = on_change
        self._link = Link(receive=receive, opened=self._opened, alive=self._alive)
        self._phase = ConnectionStatus(bot_id=bot_id, state=ConnectionState.CONNECTING)
        self._nudge = asyncio.Event()
        self._nudge_spread = 0.0
        self._last_heartbeat: float | None = None
        self._opened_at: float | None = None
        self._attempts = 0
        self._delays = self._new_delays()

    @property
    def status(self) -> ConnectionStatus:
        """A snapshot of now."""
        return replace(self._phase, last_heartbeat=utc(self._last_heartbeat))

    def nudge(self, spread: float = 0.0) -> None:
        """Drop what is being waited for or held, and connect anew with a fresh count of attempts.

        Args:
            spread: at most so many seconds later, so that many bots do not come at the same moment.
        """
        self._nudge_spread = spread
        self._nudge.set()

    async def run(self) -> None:
        """Connect, serve, and connect again, until cancelled or a fatal answer."""
        self._on_change(self.status)
        try:
            await self._keep_connected()
        except asyncio.CancelledError:
            self._enter(ConnectionStatus(bot_id=self.bot_id))
            raise
        finally:
            await self._transport.close()

    async def _keep_connected(self) -> None:
        while True:
            self._enter(replace(self._phase, state=self._state_of_attempt(), next_attempt_at=None))
            error = await self._unless_nudged(self._serve_once())
            if error is None:
                await self._start_over()
                continue
            if self._was_stable():
                self._forget_failures()
            self._opened_at = None
            verdict = classify(error)
            if verdict is Verdict.FATAL:
                self._give_up(error)
                return
            if await self._unless_nudged(self._sleep(self._plan_next(error, verdict))) is None:
                await self._start_over()

    async def _unless_nudged(self, work: Awaitable[T]) -> T | None:
        """The result of ``work``; None when it was ended by a nudge."""
        task, nudge = asyncio.ensure_future(work), asyncio.ensure_future(self._nudge.wait())
        try:
            await asyncio.wait({task, nudge}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()
            nudge.cancel()
            await asyncio.gather(task, nudge, return_exceptions=True)

    async def _start_over(self) -> None:
        self._nudge.clear()
        self._opened_at = None
        self._forget_failures()
        self._enter(ConnectionStatus(bot_id=self.bot_id, state=ConnectionState.CONNECTING))
        await self._timing.sleep(self._nudge_spread * self._timing.random())

    async def _sleep(self, seconds: float) -> bool:
        await self._timing.sleep(seconds)
        return True

    async def _serve_once(self) -> ConnectionFailed:
        try:
            await self._transport.serve(self._link)
        except ConnectionFailed as error:
            return error
        except Exception as error:  # noqa: BLE001 - a defect in one bot's transport must not end its supervision
            log("ERROR", "Bot {}: the connection ended by an unexpected error", self.bot_id, exception=error)
            return ConnectionFailed(f"unexpected {type(error).__name__} (see the log)", phase="socket")
        return ConnectionFailed("the server closed the connection", phase="socket")

    def _forget_failures(self) -> None:
        self._attempts, self._delays = 0, self._new_delays()

    def _state_of_attempt(self) -> ConnectionState:
        # While it probes slowly the bot stays in `error`: an operator must not see it flicker.
        probing = self._phase.state is ConnectionState.ERROR
        return ConnectionState.ERROR if probing else ConnectionState.CONNECTING

    def _plan_next(self, error: ConnectionFailed, verdict: Verdict) -> float:
        self._attempts += 1
        delay = None if verdict is Verdict.PROBE else next(self._delays, None)
        state = ConnectionState.ERROR if delay is None else ConnectionState.CONNECTING
        if delay is None:
            delay = probe_delay(self._link.client_config, self._timing.random)
        self._enter(self._failed(error, state, next_in=delay))
        how = "is probed slowly" if state is ConnectionState.ERROR else f"attempt {self._attempts} failed"
        log(
            "ERROR" if state is ConnectionState.ERROR else "WARNING",
            "Bot {}: {} ({}; next try in {:.1f} s)",
            self.bot_id,
            _sentence(self._phase),
            how,
            delay,
        )
        return delay

    def _give_up(self, error: ConnectionFailed) -> None:
        self._attempts += 1
        self._enter(self._failed(error, ConnectionState.ERROR, next_in=None))
        log(
            "ERROR",
            "Bot {}: {} No further attempt is made before a restart or a connect by hand; other bots are not affected.",
            self.bot_id,
            _sentence(self._phase),
        )

    def _failed(self, error: ConnectionFailed, state: ConnectionState, next_in: float | None) -> ConnectionStatus:
        known = explain(error.code) if error.code is not None else None
        return ConnectionStatus(
            bot_id=self.bot_id,
            state=state,
            attempts=self._attempts,
            next_attempt_at=None if next_in is None else utc(self._timing.wall() + next_in),
            error=f"{error.message} ({known.meaning})" if known else error.message,
            error_code=error.code,
            advice=known.advice if known else None,
        )

    def _opened(self) -> None:
        self._opened_at = self._timing.monotonic()
        self._last_heartbeat = self._timing.wall()
        self._enter(
            ConnectionStatus(
                bot_id=self.bot_id,
                state=ConnectionState.CONNECTED,
                connected_at=utc(self._last_heartbeat),
                attempts=self._attempts,
            )
        )
        log("INFO", "Bot {}: long connection established", self.bot_id)

    def _was_stable(self) -> bool:
        return self._opened_at is not None and self._timing.monotonic() - self._opened_at >= STABLE_AFTER

    def _alive(self) -> None:
        self._last_heartbeat = self._timing.wall()

    def _new_delays(self) -> Iterator[float]:
        return backoff(self._policy.delays, self._policy.attempts, self._timing.random)

    def _enter(self, phase: ConnectionStatus) -> None:
        changed = phase.state is not self._phase.state or phase.error != self._phase.error
        self._phase = phase
        if changed:
            self._on_change(self.status)


def _sentence(status: ConnectionStatus) -> str:
    code = f" [code {status.error_code}]" if status.error_code is not None else ""
    advice = f" {status.advice}" if status.advice else ""
    return f"{status.error}{code}.{advice}"
