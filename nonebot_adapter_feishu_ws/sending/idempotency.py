"""Idempotency keys: a handler that is replayed for the same event sends with the same uuid, so Feishu delivers once."""

from hashlib import blake2b
from uuid import uuid4
from weakref import WeakKeyDictionary

from nonebot.matcher import Matcher, current_event, current_matcher, matchers

from ..event import Event

MAX_LENGTH = 50
"""Characters of a uuid (发送消息)."""


class IdempotencyKeys:
    """The idempotency keys of one bot, each derived from event, matcher, target and the ordinal of the send.

    The content is not part of the key: a handler whose answer differs in a replay (a model, a clock) still answers
    once. Matchers of one priority run concurrently, so each has a counter of its own.
    """

    def __init__(self) -> None:
        """Create the counters of one bot."""
        self._counts: WeakKeyDictionary[Matcher, dict[str, int]] = WeakKeyDictionary()

    def next(self, target: str, uuid: str | None = None) -> str:
        """The key of the next send to a target; random outside of an event's matcher.

        Args:
            target: the chat or user, or the message that is answered.
            uuid: the caller's own key, which takes precedence.

        Raises:
            ValueError: the caller's key is too long.
        """
        if uuid:
            if len(uuid) > MAX_LENGTH:
                raise ValueError(f"a uuid has at most {MAX_LENGTH} characters; this one has {len(uuid)}: {uuid!r}")
            return uuid
        return self.stable(target) or uuid4().hex

    def stable(self, target: str) -> str | None:
        """The key of the next send to a target, if a replay would have the same; None outside of an event's matcher."""
        event, matcher = current_event.get(None), current_matcher.get(None)
        if not isinstance(event, Event) or not event.header.event_id or matcher is None:
            return None
        name = name_matcher(type(matcher))
        if name is None:
            return None
        counts = self._counts.setdefault(matcher, {})
        # A matcher that waits for the next event of a session counts from the beginning for that event.
        scope = f"{event.header.event_id}\n{target}"
        number = counts[scope] = counts.get(scope, 0) + 1
        return blake2b(f"{name}\n{scope}\n{number}".encode(), digest_size=20).hexdigest()


def name_matcher(matcher: type[Matcher]) -> str | None:
    """A name of a matcher that survives a restart; None for a temporary matcher.

    Matchers created by the same line of code (a loop, a factory) are numbered in the order of their registration.
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
