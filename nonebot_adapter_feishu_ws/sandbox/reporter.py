"""The bot's side of the inspector: NoneBot's hooks, registered in sandbox mode only, say what became of each event."""

import asyncio
import json
import os
import time
import traceback
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from nonebot.adapters import Adapter, Bot, Event
from nonebot.matcher import Matcher, current_event, current_matcher, matchers
from nonebot.message import event_postprocessor, event_preprocessor, run_postprocessor, run_preprocessor
from nonebot.rule import CommandRule, ToMeRule

from ..logs import log
from .report import Ran, Report

MAX_OPEN = 500
MAX_TRACEBACK = 8_000
LATE = 2.0
"""Seconds after which an event for which no matcher has started yet is reported."""
ANSWERS = ("im/v1/messages", "interactive/v1", "cardkit/v1", "im/v1/batch_messages")
CLICK = "card.action.trigger"


class Reporter:
    """Watches the events of one adapter's bots; ``deliver`` gets a report of each."""

    def __init__(self, adapter: Adapter, deliver: Callable[[Report], None]) -> None:
        self._adapter = adapter
        self._deliver = deliver
        self._open: OrderedDict[tuple[str, str], Report] = OrderedDict()
        self._running: dict[int, tuple[Ran, float]] = {}
        self.closed: bool = False

    def watch(self) -> None:
        """Register the hooks. They stay registered for the life of the process, and do nothing once closed."""
        event_preprocessor(self._begin)
        event_postprocessor(self._end)
        run_preprocessor(self._start)
        run_postprocessor(self._stop)
        Bot.on_called_api(self._called)

    def hello(self, app_ids: Iterable[str]) -> None:
        """Tell which process the bots are in."""
        for app_id in app_ids:
            self._deliver(Report(app_id, "", os.getpid()))

    def _report(self, bot: Bot, event: object) -> Report | None:
        if self.closed or bot.adapter is not self._adapter:
            return None
        return self._open.get((bot.self_id, _id_of(event)))

    async def _begin(self, bot: Bot, event: Event) -> None:
        event_id = _id_of(event)
        if self.closed or bot.adapter is not self._adapter or not event_id:
            return
        report = self._open[bot.self_id, event_id] = Report(bot.self_id, event_id, os.getpid())
        if len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)
        asyncio.get_running_loop().call_later(LATE, self._late, report)

    def _late(self, report: Report) -> None:
        if not report.ran and self._open.get((report.app_id, report.event_id)) is report:
            report.silence = ["not_started"]
            self._deliver(report)

    async def _start(self, bot: Bot, event: Event, matcher: Matcher) -> None:
        if (report := self._report(bot, event)) is not None:
            ran = Ran(_where(matcher))
            report.ran.append(ran)
            self._running[id(matcher)] = ran, time.perf_counter()

    async def _stop(self, matcher: Matcher, exception: Exception | None) -> None:
        ran, began = self._running.pop(id(matcher), (None, 0.0))
        if ran is not None:
            ran.seconds = round(time.perf_counter() - began, 4)
            if exception is not None:
                ran.traceback = "".join(traceback.format_exception(exception))[-MAX_TRACEBACK:]

    async def _called(self, bot: Bot, exception: Exception | None, api: str, data: dict[str, Any], result: Any) -> None:
        matcher = current_matcher.get(None)
        if matcher is None or self._report(bot, current_event.get(None)) is None:
            return
        ran, _ = self._running.get(id(matcher), (None, 0.0))
        if ran is None or str(data.get("method", "GET")).upper() == "GET" or not api.startswith(ANSWERS):
            return
        if exception is None:
            ran.sent += 1
        else:
            ran.refused.append(f"{api}: {exception}"[:500])

    async def _end(self, bot: Bot, event: Event) -> None:
        if (report := self._report(bot, event)) is None:
            return
        del self._open[report.app_id, report.event_id]
        starts = frozenset(str(each) for each in self._adapter.driver.config.command_start)
        report.silence = explain(report, event, starts, [each for row in matchers.values() for each in row])
        self._deliver(report)


def explain(report: Report, event: Event, starts: Iterable[str], known: Iterable[type[Matcher]]) -> list[str]:
    """Why nothing was sent for an event, as the keys of ``report.WORDS``.

    Args:
        report: what ran.
        event: what happened.
        starts: COMMAND_START.
        known: the matchers there are.
    """
    if any(each.sent for each in report.ran):
        return []
    reasons = [
        *(["raised"] if any(each.traceback for each in report.ran) else []),
        *(["refused"] if any(each.refused for each in report.ran) else []),
    ]
    if report.ran or event.get_type() != "message":
        is_click = CLICK in event.get_event_name() or CLICK in str(getattr(event, "event_type", ""))
        return reasons or (["no_answer"] if report.ran and event.get_type() == "message" and not is_click else [])
    rules = [each.call for matcher in known for each in matcher.rule.checkers]
    found = ["no_matcher"]
    if not event.is_tome() and any(isinstance(each, ToMeRule) for each in rules):
        found.append("not_to_me")
    first = (event.get_plaintext().split() or [""])[0]
    names = {cmd[0] for rule in rules if isinstance(rule, CommandRule) for cmd in rule.cmds}
    if first and not first.startswith(tuple(each for each in starts if each)) and first.lstrip("/!！.。#") in names:
        found.append("command_start")
    return found


def _id_of(event: object) -> str:
    return str(getattr(getattr(event, "header", None), "event_id", ""))


def _where(matcher: Matcher) -> str:
    """Module and line of a matcher, and the name of its first handler."""
    source: Any = getattr(type(matcher), "_source", None)
    handler = next((each.call.__name__ for each in matcher.handlers if hasattr(each.call, "__name__")), "")
    place = f"{source.module_name}:{source.lineno}" if source else matcher.module_name or "?"
    return f"{place} {handler}".strip()


class Poster:
    """Sends reports to a sandbox in a process of its own, in order; those that do not fit are dropped."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/sandbox/v1/reports"
        self._waiting: asyncio.Queue[Report] = asyncio.Queue(200)
        self._task = asyncio.create_task(self._run())
        # The sandbox is on this machine: no proxy of the environment stands in between.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def deliver(self, report: Report) -> None:
        """Send one report when those before it have been sent."""
        if not self._waiting.full():
            self._waiting.put_nowait(report)

    def stop(self) -> None:
        """Send no more."""
        self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    async def _run(self) -> None:
        while True:
            report = await self._waiting.get()
            try:
                await asyncio.to_thread(self._post, json.dumps(asdict(report)).encode())
            except OSError as error:
                log("DEBUG", "The sandbox at {} took no report of an event: {}", self._url, error)

    def _post(self, body: bytes) -> None:
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        with self._opener.open(request, timeout=3) as answer:
            answer.read()
