"""What is inside a merged forward: the flat list that Feishu answers with -> a tree of messages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ..net.bounded_json import as_list, as_object, as_text
from .card_json import get, unpacked
from .card_text import is_stub
from .message import Message, parse

EXPAND_DEPTH: Final = 5
EXPAND_COUNT: Final = 200
_Items = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ForwardedMessage:
    """A message inside a merged forward, or the merged forward itself.

    Attributes:
        message_id: ``om_...``
        msg_type: Feishu's type.
        sender_id: who sent it: an open_id, or an app id where ``sender_type`` is ``app``; empty when not told.
        sender_type: ``user``, ``app`` or what else Feishu names.
        create_time: milliseconds since the epoch; 0 when not told.
        message: its content.
        children: what a merged forward holds, oldest first; empty for other messages.
        truncated: whether children were left out, because of the depth or the count.
        forward_id: the outermost merged forward, by whose id the files inside it are fetched.
    """

    message_id: str
    msg_type: str
    sender_id: str
    sender_type: str
    create_time: int
    message: Message
    children: tuple[ForwardedMessage, ...] = ()
    truncated: bool = False
    forward_id: str = ""

    def __str__(self) -> str:
        """The whole tree as text: a line for each message, what is inside indented by two spaces."""
        lines = [str(self.message)] if not self.children and not self.truncated else []
        for child in self.children:
            text = str(child)
            name = child.sender_id or "?"
            nested = bool(child.children) or child.truncated
            inner = "\n".join(f"  {line}" for line in text.split("\n"))
            lines.append(f"{name}:\n{inner}" if nested or "\n" in text else f"{name}: {text}")
        return "\n".join([*lines, "..."] if self.truncated else lines)


def lacks_words(item: Mapping[str, Any]) -> bool:
    """Whether an item is a card that has come in a form without its words."""
    if item.get("msg_type") != "interactive" or item.get("deleted") is True:
        return False
    return is_stub(as_object(unpacked(get(item.get("body"), "content"))))


def with_words(items: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Items in the form that has words: those that lack theirs, as they are among the others."""
    found = {as_text(other.get("message_id")): other for other in others if not lacks_words(other)}
    return [found.get(as_text(item.get("message_id")), item) if lacks_words(item) else item for item in items]


class _Person(NamedTuple):
    key: str
    name: str
    open_id: str


def expand(
    items: Iterable[Mapping[str, Any]], message_id: str, *, max_depth: int = EXPAND_DEPTH, max_count: int = EXPAND_COUNT
) -> ForwardedMessage:
    """Build the tree of a merged forward.

    Args:
        items: ``data.items`` of 获取指定消息的内容 (``GET im/v1/messages/{message_id}``): the merged forward and
            everything in it, however deep, each with the ``upper_message_id`` it stands in.
        message_id: the merged forward.
        max_depth: levels below it that are built.
        max_count: messages that are built, without the merged forward itself.

    Returns:
        The merged forward with its ``children``. An item that names an unknown place stands at the top level, so that
        none is lost; a loop ends there too.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for item in items:
        found.setdefault(as_text(item.get("message_id")) or f"\0{len(found)}", item)
    root = found.pop(message_id, {"message_id": message_id, "msg_type": "merge_forward"})
    kept = dict(list(found.items())[:max_count])
    below: dict[str, list[str]] = {}
    for own_id in sorted(kept, key=lambda own_id: _number(kept[own_id].get("create_time"))):
        below.setdefault(_place(own_id, kept, message_id), []).append(own_id)
    kept[message_id] = root
    return _build(message_id, kept, below, max_depth, message_id, cut=max_count < len(found))


def _place(own_id: str, items: _Items, root: str) -> str:
    """Where an item stands: its upper message when that one leads up to the root, else the root."""
    upper = first = as_text(items[own_id].get("upper_message_id"))
    passed = {own_id}
    while upper in items and upper not in passed:
        passed.add(upper)
        upper = as_text(items[upper].get("upper_message_id"))
    return root if upper in passed or first not in items else first


def _build(
    own_id: str, items: _Items, below: Mapping[str, list[str]], depth: int, forward_id: str, *, cut: bool = False
) -> ForwardedMessage:
    item = items[own_id]
    inside = below.get(own_id, [])
    sender = as_object(item.get("sender"))
    msg_type = as_text(item.get("msg_type"))
    message_id = as_text(item.get("message_id"))
    content = as_text(as_object(item.get("body")).get("content"))
    return ForwardedMessage(
        message_id=message_id,
        msg_type=msg_type,
        sender_id=as_text(sender.get("id")),
        sender_type=as_text(sender.get("sender_type")),
        create_time=_number(item.get("create_time")),
        message=parse(msg_type, content, _people(item.get("mentions")), message_id),
        children=tuple(_build(child, items, below, depth - 1, forward_id) for child in inside) if depth > 0 else (),
        truncated=cut or (depth <= 0 and bool(inside)),
        forward_id=forward_id,
    )


def _people(mentions: object) -> list[_Person]:
    people: list[_Person] = []
    for mention in as_list(mentions):
        fields = as_object(mention)
        ids: object = fields.get("id")
        open_id = as_text(as_object(ids).get("open_id")) or as_text(ids)
        people.append(_Person(as_text(fields.get("key")), as_text(fields.get("name")), open_id))
    return people


def _number(value: object) -> int:
    try:
        return int(value) if isinstance(value, (str, int, float)) else 0
    except (ValueError, OverflowError):
        return 0
