"""The table of faults: real sockets and HTTP on loopback, a clock that runs 25 times faster.

Each row causes one fault for one of two bots, sends an event to both in the middle of it, and looks at every state
that the status went through. ``scripts/fault_table.py`` writes what was seen into ``docs/reliability.md``.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from nonebot_adapter_feishu_ws.transport import clock as clock_module
from nonebot_adapter_feishu_ws.transport.status import ConnectionStatus
from tests.conftest import APP, SECRET, wait_until
from tests.flow.fleet import CLIENT_CONFIG, DELAYS, OTHER, WALL, Fleet, fleet

TABLE = os.environ.get("FAULT_TABLE")
Saw = Callable[[str], None]


@pytest.fixture
async def sandbox():
    async with Sandbox(client_config=CLIENT_CONFIG, redelivery=(0.6,) * 50, ack_timeout=0.3) as server:
        server.add_app(APP, SECRET)
        server.add_app(OTHER, "other")
        yield server


Action = Callable[[Fleet, pytest.MonkeyPatch], Awaitable[None] | None]


@dataclass
class Case:
    """One fault, of a row of the whole table.

    ``during`` is the state that must be reached, ``path`` the states after the fault up to being back, ``says`` what
    the error must contain, ``by_hand`` whether a person must connect again.
    """

    row: int
    name: str
    cause: Action
    clear: Action | None = None
    during: str = "connecting"
    path: tuple[str, ...] = ("connecting", "connected")
    says: str = ""
    code: int | None = None
    by_hand: bool = False


def discovery(**fault: Any) -> Action:
    async def cause(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("nonebot_adapter_feishu_ws.transport.connection.OPEN_TIMEOUT", 0.1)
        it.sandbox.faults.add("discovery", times=-1, **fault)
        it.sandbox.drop(APP)

    return cause


def handshake(**fault: Any) -> Action:
    async def cause(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("nonebot_adapter_feishu_ws.transport.connection.OPEN_TIMEOUT", 0.1)
        it.sandbox.faults.add("handshake", times=-1, **fault)
        it.sandbox.drop(APP)

    return cause


def calm(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    it.sandbox.faults.clear()


async def restart(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    await it.sandbox.stop()


async def start_again(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    await it.sandbox.start()


async def wrong_secret(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    it.sandbox.world.apps[APP].app_secret = "reset in the console"
    it.sandbox.drop(APP)


def right_secret(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    it.sandbox.world.apps[APP].app_secret = SECRET


async def no_dns(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    it.transports[APP].origin = "http://feishu.invalid"
    it.sandbox.drop(APP)


def dns(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    it.transports[APP].origin = it.sandbox.url


def clock_jump(it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    it.jumped = 3600.0


FATAL: Any = {"during": "error", "path": ("connecting", "error", "connecting", "connected"), "by_hand": True}
RETRIED: Any = {"path": ("connecting", "connecting", "connected")}
CASES = [
    Case(8, "clean close", lambda it, _: it.sandbox.disconnect(APP), says="closed the connection"),
    Case(9, "TCP reset", lambda it, _: it.sandbox.drop(APP), says="cut without a close frame"),
    # Of the event that it pushes again, it may be noticed that pings stay unanswered.
    Case(10, "half-open: the server falls silent", lambda it, _: it.sandbox.half_open(APP), says="ping"),
    Case(1, "endpoint answers 500", discovery(status=500), calm, says="HTTP 500", **RETRIED),
    Case(
        1,
        "endpoint down for longer than the quick attempts",
        discovery(status=503),
        calm,
        during="error",
        path=("connecting", "error", "connected"),
        says="HTTP 503",
    ),
    Case(1, "endpoint answers HTML", discovery(body=b"<html>"), calm, says="no JSON", **RETRIED),
    Case(1, "endpoint times out", discovery(hang=True), calm, says="did not answer in time", **RETRIED),
    Case(2, "code 1 (system busy)", discovery(code=1), calm, says="busy", code=1, **RETRIED),
    Case(
        2, "code 1000040343 (internal)", discovery(code=1000040343), calm, says="internal", code=1000040343, **RETRIED
    ),
    Case(3, "code 403 (forbidden)", discovery(code=403), calm, says="may not use", code=403, **FATAL),
    Case(3, "code 514 (auth failed)", discovery(code=514), calm, says="credentials", code=514, **FATAL),
    Case(
        3, "code 1000040344 (no credential)", discovery(code=1000040344), calm, says="no cred", code=1000040344, **FATAL
    ),
    Case(
        5,
        "code 1000040351 (wrong domain)",
        discovery(code=1000040351),
        calm,
        says="other domain",
        code=1000040351,
        **FATAL,
    ),
    Case(3, "wrong secret", wrong_secret, right_secret, says="auth failed", code=514, **FATAL),
    Case(
        4,
        "code 1000040350 (50 connections)",
        handshake(code=514, auth_code=1000040350),
        calm,
        during="error",
        path=("connecting", "error", "connected"),
        says="50 long connections",
        code=1000040350,
    ),
    Case(7, "handshake hangs", handshake(hang=True), calm, says="did not answer in time", **RETRIED),
    Case(6, "DNS failure", no_dns, dns, says="cannot be resolved", **RETRIED),
    Case(6, "server restart", restart, start_again, says="refused the connection", **RETRIED),
    Case(12, "clock jump of an hour", clock_jump, during="connected", path=("connecting", "connected")),
]


PARAMS = [pytest.param(case, marks=pytest.mark.fault(case.row), id=case.name.replace(" ", "-")) for case in CASES]


@pytest.mark.parametrize("case", PARAMS)
async def test_fault(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, saw: Saw, case: Case):
    monkeypatch.setattr(clock_module, "CHECK_EVERY", 5.0)
    async with fleet(sandbox) as it:
        first = it.status().connected_at
        began = it.now
        await _do(case.cause, it, monkeypatch)
        everyone = case.name in ("server restart", "clock jump of an hour")
        pushed = [] if everyone else [await sandbox.push(bot_id, "x", {}) for bot_id in (APP, OTHER)]

        def reached() -> bool:
            told = [status for at, status in it.seen if at >= began and status.bot_id == APP]
            return any(
                s.state.value == case.during and (s.error is not None or case.during == "connected") for s in told
            )

        await wait_until(reached, 30)
        failed = _last_error(it, began)
        if case.clear is not None:
            if case.path.count("connecting") > 1 and not case.by_hand:
                # What was told, not the status of now, which is a moment ahead of it.
                await wait_until(lambda: _attempts_told(it, began) >= 2, 30)
                failed = _last_error(it, began)
            await _do(case.clear, it, monkeypatch)
        if case.by_hand:
            await asyncio.sleep(0.1)
            assert it.status().next_attempt_at is None, "no further attempt"
            assert it.status().advice
            await it.manager.connect(APP)
        await wait_until(lambda: it.manager.is_connected(APP) and it.status().connected_at != first, 30)
        took = it.now - began
        pushed += [await sandbox.push(bot_id, "y", {}) for bot_id in (APP, OTHER)]
        await wait_until(lambda: it.manager.is_connected(OTHER), 30)
        for delivery in pushed:
            await delivery.wait(30)
        states = it.states(APP, began)
        others = it.states(OTHER, 0 if not everyone else began)
        handled = set(it.events)
        seen = [(at, status) for at, status in it.seen if at >= began and status.bot_id == APP]
    if failed is not None:
        assert case.says in failed.error, failed.error
        assert failed.error_code == case.code
    assert _is_path(case.path, states), states
    assert _too_long_waits(seen) == [], "no wait is longer than planned"
    assert len(handled) == len(pushed), "nothing lost"
    if not everyone:
        assert others[:2] == ["connecting", "connected"]
        assert others[2:] in ([], ["disconnected"]), "the other bot saw nothing"
    path = _record(case.name, states, failed, took, len(pushed), len(handled), everyone)
    by_hand = " by hand" if case.by_hand else ""
    saw(f"{case.name}: {path}, back{by_hand} after {took:.1f} s, {len(handled)} of {len(pushed)} events handled")


def _last_error(it: Fleet, began: float) -> ConnectionStatus | None:
    return next((s for at, s in reversed(it.seen) if at >= began and s.bot_id == APP and s.error), None)


def _attempts_told(it: Fleet, began: float) -> int:
    return next((s.attempts for at, s in reversed(it.seen) if at >= began and s.bot_id == APP), 0)


async def _do(action: Action, it: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    result = action(it, monkeypatch)
    if result is not None:
        await result


def _too_long_waits(seen: list[tuple[float, ConnectionStatus]]) -> list[float]:
    """Waits for a next attempt, in seconds of the fast clock, that exceed the back-off or the server's interval."""
    found: list[float] = []
    planned = {status.next_attempt_at for _, status in seen} - {None}
    for number, due in enumerate(sorted(planned)):
        # Seen a moment after it was planned, so that a slow machine only makes it look shorter.
        at, status = next((at, status) for at, status in seen if status.next_attempt_at == due)
        quick = 1.5 * DELAYS[min(number, len(DELAYS) - 1)]
        slow = CLIENT_CONFIG["ReconnectInterval"] + CLIENT_CONFIG["ReconnectNonce"]
        wait = due.timestamp() - WALL - at
        if wait > (slow if status.state.value == "error" else quick):
            found.append(wait)
    return found


def _is_path(path: tuple[str, ...], states: list[str]) -> bool:
    """Whether the states are the path, when repeated states and the final closing are left out."""

    def plain(names: Any) -> list[str]:
        names = [name for name in names if name != "disconnected"]
        return [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]

    return plain(path) == plain(states)


def _record(
    name: str,
    states: list[str],
    failed: ConnectionStatus | None,
    took: float,
    sent: int,
    handled: int,
    everyone: bool,
) -> str:
    shown = [state for i, state in enumerate(states) if state != "disconnected" and (i == 0 or states[i - 1] != state)]
    error = "the clock jumped" if failed is None else str(failed.error)
    others = "the same (it is one server)" if everyone else "nothing"
    path = " → ".join(shown)
    _write(name, path, error, took, sent - handled, sent, others)
    return path


def _plain(error: str) -> str:
    return re.sub(r"127\.0\.0\.1:\d+", "the server", error).replace(": scripted", "")


def _write(name: str, states: str, error: str, took: float, lost: int, sent: int, others: str) -> None:
    if TABLE is not None:
        error = _plain(error)
        with Path(TABLE).open("a", encoding="utf-8") as file:
            file.write(f"| {name} | {states} | {error} | {took:.1f} | {lost} of {sent} | {others} |\n")


@pytest.mark.fault(13)
@pytest.mark.parametrize(("count", "speed"), [(50, 25), (500, 5)])
async def test_many_bots_come_back_spread(sandbox: Sandbox, saw: Saw, count: int, speed: float):
    bots = [f"cli_{number:03}" for number in range(count)]
    for bot_id in bots:
        sandbox.add_app(bot_id, f"secret of {bot_id}")
    async with fleet(sandbox, *bots, speed=speed) as it:
        before = {bot_id: it.status(bot_id).connected_at for bot_id in bots}
        began = it.now
        await asyncio.gather(*(sandbox.disconnect(bot_id) for bot_id in bots))
        due: dict[str, float] = {}

        def all_wait() -> bool:
            for at, status in list(it.seen):
                if at >= began and status.next_attempt_at is not None:
                    due.setdefault(status.bot_id, status.next_attempt_at.timestamp() - WALL)
            return len(due) == count

        def all_back() -> bool:
            return all(it.manager.is_connected(b) and it.status(b).connected_at != before[b] for b in bots)

        await wait_until(all_wait, 30)
        await wait_until(all_back, 30)
        took = it.now - began
        arrivals = {s.bot_id for at, s in it.seen if at >= began and s.state.value == "connected"}
        pushed = [await sandbox.push(bot_id, "x", {}) for bot_id in bots]
        for delivery in pushed:
            await delivery.wait(30)
        handled = len(it.events)
    tries = sorted(due.values())
    spread = tries[-1] - tries[0]
    densest = max(sum(1 for other in tries if 0 <= other - start < 0.1) for start in tries)
    assert len(arrivals) == count
    assert spread > 0.5, "the first delay of 1 s is spread over a second"
    assert densest <= count / 2, "no herd: at most half of them within any tenth of a second"
    assert handled == count
    told = f"tries spread over {spread:.1f} s, at most {densest} in a tenth of a second"
    path = f"connecting → connected; {told}"
    _write(f"{count} bots lose the server together", path, "the server closed the connection", took, 0, count, "-")
    saw(f"{count} bots: {told}, all back after {took:.1f} s, {handled} of {count} events handled")
