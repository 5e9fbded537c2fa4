"""Routes of the inspector: the journal, sending an event again, an event as a test, reports of the bots."""

import json
from typing import Any, cast

from aiohttp import web

from ...net.bounded_json import as_object, is_object
from ..actions import Actions
from ..delivery import Delivery
from ..journal import KEPT, Entry, EntryKind
from ..report import Report, read_report
from .access import Handler, Refused, read_json, read_number
from .as_test import as_test
from .entries import count_uuids, show_entry
from .show import name_of


class Inspector:
    """The journal over HTTP."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._journal = actions.gateway.journal

    def routes(self) -> dict[str, Handler]:
        """The routes by method and path."""
        return {
            "GET journal": self._list,
            "GET journal/{number}": self._one,
            "POST journal/{number}/again": self._again,
            "GET journal/{number}/test": self._test,
            "POST reports": self._report,
        }

    async def _list(self, request: web.Request) -> web.Response:
        """Newest first; ``kind`` several times, ``before`` a number, ``event_id``, ``limit``."""
        kinds = request.query.getall("kind", [*KEPT])
        if unknown := [each for each in kinds if each not in KEPT]:
            raise Refused(f"there is no kind {unknown[0]!r}; there are {', '.join(KEPT)}")
        before, limit = read_number(request, "before", 1 << 60, 1 << 60), read_number(request, "limit", 100, 500)
        found = [each for kind in kinds for each in self._journal.entries(cast(EntryKind, kind))]
        found = sorted((each for each in found if each.number < before), key=lambda each: -each.number)
        shown = [self.show(each) for each in found[:limit]]
        return web.json_response({"entries": shown, "has_more": len(found) > limit})

    def show(self, entry: Entry) -> dict[str, Any]:
        """An entry as JSON."""
        seen = count_uuids(self._journal.entries("rest")) if entry.kind == "rest" else None
        return show_entry(self._actions.world, entry, seen)

    def _entry(self, request: web.Request) -> Entry:
        number = request.match_info["number"]
        entry = self._journal.find(int(number)) if number.isdigit() else None
        if entry is None:
            raise Refused(f"there is no entry {number}, or it is not kept any more", 404)
        return entry

    async def _one(self, request: web.Request) -> web.Response:
        return web.json_response(self.show(self._entry(request)))

    def _event(self, request: web.Request) -> tuple[Entry, dict[str, Any]]:
        entry = self._entry(request)
        if not isinstance(entry.subject, Delivery):
            raise Refused(f"entry {entry.number} is no event")
        return entry, as_object(json.loads(entry.subject.payload))

    async def _again(self, request: web.Request) -> web.Response:
        """Push the event again, as a new one: ``event`` replaces its body, ``same_id`` keeps its id."""
        entry, payload = self._event(request)
        given = await read_json(request)
        header = as_object(payload.get("header"))
        body = given.get("event", payload.get("event"))
        if not is_object(body):
            raise Refused('event must be the JSON object below the event\'s own key "event"')
        kept: dict[str, Any] = {"tenant_key": header.get("tenant_key")}
        if given.get("same_id"):
            kept["event_id"] = header.get("event_id")
        kind = str(header.get("event_type"))
        delivery = self._actions.gateway.push_event(entry.app_id, kind, body, "auto", **kept)
        return web.json_response({"number": delivery.number, "event_id": delivery.event_id})

    async def _test(self, request: web.Request) -> web.Response:
        _, payload = self._event(request)
        world, event = self._actions.world, as_object(payload.get("event"))
        asked = world.messages.get(str(as_object(event.get("message")).get("message_id")))
        sender = str(as_object(as_object(event.get("sender")).get("sender_id")).get("open_id"))
        chat = world.chats.get(asked.chat_id) if asked else None
        answers: list[str] = []
        for each in world.history(chat.chat_id, after=asked.number) if asked and chat else ():
            if each.sender_type == "user":
                break
            if each.msg_type == "text":
                answers.append(str(json.loads(each.content)["text"]))
        group = chat.name if chat and chat.mode != "p2p" else ""
        return web.Response(text=as_test(payload, name_of(world, sender), group, answers))

    async def _report(self, request: web.Request) -> web.Response:
        try:
            report = read_report(await read_json(request))
        except ValueError as error:
            raise Refused(str(error)) from None
        take_report(self._actions, report)
        return web.json_response({})


def take_report(actions: Actions, report: Report) -> None:
    """Keep what a bot says; must run on the sandbox's loop."""
    app = actions.world.apps.get(report.app_id)
    if app is None:
        return
    if app.pid != report.pid:
        app.pid = report.pid
        actions.world.feed.add("app", app.app_id)
    if report.event_id:
        actions.gateway.journal.add("plugin", app.app_id, report, actions.world.clock())
