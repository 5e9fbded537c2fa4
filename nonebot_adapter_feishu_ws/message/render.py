"""Segments -> what Feishu accepts. Pure; never changes the message it is given.

Text and mentions go as ``text``. What can stand in rich text goes together as one ``post``, where images and
Markdown get lines of their own, as Feishu demands. Everything else is a message by itself, in its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from . import segment as types
from .message import Message
from .segment import MessageSegment

_LOCALE: Final = "zh_cn"
_ALONE: Final = {
    "file": ("file_key",),
    "audio": ("file_key",),
    "media": ("file_key", "image_key"),
    "sticker": ("file_key",),
    "share_chat": ("chat_id",),
    "share_user": ("user_id",),
}
"""Types that are a message by themselves, with the keys that Feishu takes."""
_INLINE: Final = (
    types.Text,
    types.At,
    types.Link,
    types.Emotion,
    types.CodeBlock,
    types.Markdown,
    types.Image,
)


class UnsupportedSegment(ValueError):
    """A segment cannot be sent; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to be sent.

    Attributes:
        msg_type: Feishu's type.
        content: its JSON as a string.
    """

    msg_type: str
    content: str


def render(message: Iterable[MessageSegment]) -> list[OutgoingMessage]:
    """Plan the fewest messages that carry all segments in order.

    Raises:
        UnsupportedSegment: a segment is of a kind that bots cannot send, or lacks its key.
        ValueError: there is nothing to send.
    """
    outgoing = [_render_run(run) for run in _runs(message)]
    if not outgoing:
        raise ValueError("an empty message cannot be sent: give it text or another segment")
    return outgoing


def _runs(message: Iterable[MessageSegment]) -> Iterator[list[MessageSegment]]:
    run: list[MessageSegment] = []
    for segment in message:
        if isinstance(segment, _INLINE):
            run.append(segment)
            continue
        if _has_content(run):
            yield run
        run = []
        yield [segment]
    if _has_content(run):
        yield run


def _has_content(run: list[MessageSegment]) -> bool:
    return any(type(segment) is not types.Text or str(segment) for segment in run)


def _render_run(run: list[MessageSegment]) -> OutgoingMessage:
    first = run[0]
    if not isinstance(first, _INLINE):
        return _render_alone(first)
    if len(run) == 1 and isinstance(first, types.Image):
        return OutgoingMessage("image", _dump({"image_key": _need(first, "image_key")}))
    if all(isinstance(segment, (types.Text, types.At)) for segment in run) and not _looks_like_markup(run):
        return OutgoingMessage("text", _dump({"text": "".join(map(_as_text, run))}))
    return OutgoingMessage("post", _dump({_LOCALE: {"title": "", "content": _lines(run)}}))


def _looks_like_markup(run: list[MessageSegment]) -> bool:
    # In `text` Feishu reads <at ...> as a mention and documents no escape for it; in `post` a text element is
    # literal. So a user's words can never become a mention of everybody.
    return any(isinstance(segment, types.Text) and "<at" in str(segment).lower() for segment in run)


def _as_text(segment: MessageSegment) -> str:
    if isinstance(segment, types.At):
        user_id = escape(_need(segment, "user_id"))
        return f'<at user_id="{user_id}">{escape(str(segment.data.get("user_name") or ""))}</at>'
    return str(segment)


def _lines(run: list[MessageSegment]) -> list[list[dict[str, Any]]]:
    lines: list[list[dict[str, Any]]] = [[]]
    for segment in run:
        if isinstance(segment, types.Text):
            for number, text in enumerate(str(segment).split("\n")):
                if number:
                    lines.append([])
                if text:
                    lines[-1].append({"tag": "text", "text": text})
        elif isinstance(segment, (types.Image, types.Markdown, types.CodeBlock)):
            _add_own_line(lines, _element(segment))
        else:
            lines[-1].append(_element(segment))
    if len(lines) > 1 and not lines[-1] and _stands_alone(lines[-2]):
        lines.pop()
    return lines


def _add_own_line(lines: list[list[dict[str, Any]]], element: dict[str, Any]) -> None:
    if lines[-1]:
        lines.append([])
    lines[-1].append(element)
    lines.append([])


def _stands_alone(line: list[dict[str, Any]]) -> bool:
    return bool(line) and line[0]["tag"] in ("img", "md", "code_block")


def _element(segment: MessageSegment) -> dict[str, Any]:
    if isinstance(segment, types.At):
        return {"tag": "at", "user_id": _need(segment, "user_id")}
    if isinstance(segment, types.Link):
        return {"tag": "a", "text": str(segment), "href": _need(segment, "href")}
    if isinstance(segment, types.Image):
        return {"tag": "img", "image_key": _need(segment, "image_key")}
    if isinstance(segment, types.Emotion):
        return {"tag": "emotion", "emoji_type": _need(segment, "emoji_type")}
    if isinstance(segment, types.CodeBlock):
        language = segment.data.get("language")
        return {"tag": "code_block", "text": str(segment), **({"language": language} if language else {})}
    return {"tag": "md", "text": str(segment)}


def _render_alone(segment: MessageSegment) -> OutgoingMessage:
    if segment.type == "post":
        body = {"title": segment.data.get("title", ""), "content": segment.data.get("content", [])}
        return OutgoingMessage("post", _dump({_LOCALE: body}))
    if segment.type == "interactive":
        return OutgoingMessage("interactive", _dump(segment.data))
    if segment.type not in _ALONE:
        raise UnsupportedSegment(
            f"a bot cannot send a segment of the type {segment.type!r}; send text, at, post, image, file, audio, "
            "media, sticker, interactive, share_chat or share_user instead"
        )
    first, *optional = _ALONE[segment.type]
    content = {first: _need(segment, first)}
    content.update({key: segment.data[key] for key in optional if segment.data.get(key)})
    return OutgoingMessage(segment.type, _dump(content))


def _need(segment: MessageSegment, key: str) -> str:
    value = segment.data.get(key)
    if not isinstance(value, str) or not value:
        raise UnsupportedSegment(f"a segment of the type {segment.type!r} cannot be sent without its {key!r}")
    return value


def _dump(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def serialize(message: Message) -> tuple[str, str]:
    """``(msg_type, content)`` of a message that fits into one.

    Raises:
        ValueError: it is empty, or needs several messages.
    """
    outgoing = render(message)
    if len(outgoing) > 1:
        raise ValueError("this message cannot be sent as one: use bot.send, or render() for its parts")
    return outgoing[0].msg_type, outgoing[0].content
