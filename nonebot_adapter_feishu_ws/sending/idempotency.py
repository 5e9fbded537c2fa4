"""The uuid of a send: the same when a handler is replayed for the same event, so that Feishu delivers it once."""

from __future__ import annotations

from hashlib import blake2b
from uuid import uuid4
from weakref import WeakKeyDictionary

from nonebot.matcher import Matcher, current_event, current_matcher, matchers

from ..event import Event

MAX_LENGTH = 50
"""Characters of a uuid (发送消息)."""


class IdempotencyKeys:
    """One bot's counters. A uuid is made of event, matcher, target and the number of the send to that target.

    The content is no part of it: a handler that words its answer anew (a model, a clock) still answers once. Matchers
    of one priority run concurrently, and each has a count of its own.
    """

    def __init__(self) -> None:
        self._counts: WeakKeyDictionary[Matcher, dict[str, int]] = WeakKeyDictionary()

    def next(self, target: str, uuid: str | None = None) -> str:
        """The uuid of the next send to a target; random outside of an event's matcher.

        Args:
            target: chat, user, or message that is answered.
            uuid: the caller's own, which wins.

        Raises:
            ValueError: the caller's own is too long.
        """
        if uuid:
            if len(uuid) > MAX_LENGTH:
                raise ValueError(f"a uuid has at most {MAX_LENGTH} characters; this one has {len(uuid)}: {uuid!r}")
            return uuid
        event, matcher = current_event.get(None), current_matcher.get(None)
        if not isinstance(event, Event) or not event.header.event_id or matcher is None:
            return uuid4().hex
        name = name_matcher(type(matcher))
        if name is None:
            return uuid4().hex
        counts = self._counts.setdefault(matcher, {})
        # A matcher that was kept for the next event of a session counts from the beginning for that one.
        place = f"{event.header.event_id}\n{target}"
        number = counts[place] = counts.get(place, 0) + 1
        return blake2b(f"{name}\n{place}\n{number}".encode(), digest_size=20).hexdigest()


def name_matcher(matcher: type[Matcher]) -> str | None:
    """A name for a matcher that is the same after a restart; None for one that does not outlive the process.

    Matchers of one line of code (a loop, a factory) are told apart by the order in which they were registered.
    """
    if matcher.temp:
        return None
    line = _line(matcher)
    alike = [other for other in matchers.get(matcher.priority, []) if not other.temp and _line(other) == line]
    return f"{line}#{alike.index(matcher)}" if matcher in alike else None


def _line(matcher: type[Matcher]) -> str:
    source = matcher._source  # pyright: ignore[reportPrivateUsage] - NoneBot shows the line number in no other way
    lineno = source.lineno if source is not None else None
    return f"{matcher.plugin_id}:{matcher.module_name}:{lineno}:{matcher.type}:{matcher.priority}"
