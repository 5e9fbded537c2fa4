"""Segments -> the messages that are sent. Pure; never changes the message it is given.

Text and mentions become ``text``, everything else that rich text can hold becomes one ``post`` (:mod:`.content`); what
is too long is split (:mod:`.split`). Every other segment is a message by itself, in its place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from unicodedata import east_asian_width

from ..net.bounded_json import as_object
from .card_json import source_of
from .content import Segment, UnsupportedSegment, dump, need, posts, styles_of, text_of, texts, unresolved_mention
from .split import RICH_LIMIT, TEXT_LIMIT, is_small, size

_ALONE: Final = {
    "file": ("file_key",),
    "audio": ("file_key",),
    "media": ("file_key", "image_key"),
    "sticker": ("file_key",),
    "share_chat": ("chat_id",),
    "share_user": ("user_id",),
}
"""Types that are a message by themselves, with the keys that Feishu takes."""
_INLINE: Final = frozenset({"text", "at", "link", "emotion", "code_block", "markdown", "image", "img", "post"})
_PLAIN: Final = frozenset({"text", "at"})
_DIVIDER_WIDTH: Final = 20
_MARKUP: Final = re.compile(r"<\s*/?\s*at", re.IGNORECASE)


class OutgoingMessage(NamedTuple):
    """One message to be sent.

    Attributes:
        msg_type: Feishu's type.
        content: its JSON as a string.
    """

    msg_type: str
    content: str


def render(
    message: Iterable[Segment], *, text_limit: int = TEXT_LIMIT, rich_limit: int = RICH_LIMIT
) -> list[OutgoingMessage]:
    """Encode a message as the fewest Feishu messages that carry all of its segments in order.

    Args:
        message: its segments.
        text_limit: bytes of a request with a ``text``.
        rich_limit: bytes of a request with a ``post`` or a card.

    Raises:
        UnsupportedSegment: a segment is of a kind that bots cannot send, lacks its key, or is too long to be sent.
        ValueError: there is nothing to send.
    """
    outgoing: list[OutgoingMessage] = []
    for run in _runs(message):
        if run[0].type not in _INLINE:
            outgoing.append(_render_alone(run[0], rich_limit))
        elif len(run) == 1 and run[0].type == "image":
            outgoing.append(OutgoingMessage("image", dump({"image_key": need(run[0], "image_key")})))
        elif all(segment.type in _PLAIN and not styles_of(segment) for segment in run) and not _looks_like_markup(run):
            outgoing += (OutgoingMessage("text", content) for content in texts(run, text_limit))
        else:
            outgoing += (OutgoingMessage("post", content) for content in posts(run, rich_limit))
    if not outgoing:
        raise ValueError("an empty message cannot be sent: give it text or another segment")
    return outgoing


def _runs(message: Iterable[Segment]) -> Iterator[list[Segment]]:
    run: list[Segment] = []
    for segment in message:
        if segment.type == "text" and not text_of(segment):
            continue
        inline = segment.type in _INLINE
        if run and (not inline or (segment.type == "post" and _would_move(segment, run))):
            yield run
            run = []
        if inline:
            run.append(segment)
        else:
            yield [segment]
    if run:
        yield run


def _would_move(post: Segment, run: list[Segment]) -> bool:
    """A post's title stands above everything: what was said before would move below it."""
    return bool(post.data.get("title")) and any(
        segment.type != "at" and not (segment.type == "text" and not text_of(segment).strip()) for segment in run
    )


def _looks_like_markup(run: list[Segment]) -> bool:
    # In `text` Feishu reads <at ...> as a mention and documents no escape for it; in `post` a text element is
    # literal. So a user's words can never become a mention of everybody, in however many segments they come.
    words = "".join(text_of(part) if part.type == "text" else unresolved_mention(part) or "\n" for part in run)
    return "<" in words and bool(_MARKUP.search(words))


def _render_alone(segment: Segment, limit: int) -> OutgoingMessage:
    if segment.type == "interactive":
        return OutgoingMessage("interactive", _render_card(segment, limit))
    if segment.type == "system" and (divider := _divider_of(segment.data)):
        return OutgoingMessage("system", dump(divider))
    if segment.type not in _ALONE:
        raise UnsupportedSegment(
            f"a bot cannot send a segment of the type {segment.type!r}: send str(segment) as text, forward the whole "
            "message with bot.forward_msg(message_id, ...), or send text, at, link, emotion, code_block, markdown, "
            "post, image, file, audio, media, sticker, interactive, share_chat, share_user or divider instead"
        )
    first, *optional = _ALONE[segment.type]
    content: dict[str, Any] = {first: need(segment, first)}
    content.update({key: segment.data[key] for key in optional if segment.data.get(key)})
    return OutgoingMessage(segment.type, dump(content))


def _divider_of(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The content of a divider, made by a factory or received; None for any other system message."""
    made = data.get("type") == "divider"
    divider = as_object((as_object(data.get("params")) if made else data).get("divider_text"))
    if not made and (not divider or data.get("template") != "{divider_text}"):
        return None
    # Feishu delivers zh_cn, and takes zh_CN only.
    by_language = {f"{key[:3]}{key[3:].upper()}": text for key, text in as_object(divider.get("i18n_text")).items()}
    texts = [divider.get("text"), *by_language.values()]
    if not all(isinstance(text, str) and 0 < sum(map(_width, text)) <= _DIVIDER_WIDTH for text in texts):
        raise UnsupportedSegment(
            f"the text of a divider takes 1 to {_DIVIDER_WIDTH} characters, where a Chinese one counts as two, in each "
            f"language: shorten {texts!r}"
        )
    i18n = {"i18n_text": by_language} if by_language else {}
    options = as_object(data.get("options"))
    params = {"divider_text": {"text": divider["text"], **i18n}}
    return {"type": "divider", "params": params, **({"options": options} if options.get("need_rollup") else {})}


def _width(character: str) -> int:
    return 2 if east_asian_width(character) in "WF" else 1


def _render_card(segment: Segment, limit: int) -> str:
    card = segment.data
    if "json_card" in card or "user_dsl" in card or ("title" in card and "header" not in card):
        # What Feishu delivers of a card is a summary, which it does not take back.
        source = source_of({"user_dsl": card.get("user_dsl")})
        if source is None:
            raise UnsupportedSegment(
                "a received segment of the type 'interactive' cannot be sent, since Feishu delivers only its text: "
                "send str(segment), forward the message with bot.forward_msg(message_id, ...), or build a card with "
                "MessageSegment.card(...)"
            )
        card = source
    content = dump({key: value for key, value in card.items() if key != "mentions"})
    if not is_small(content, limit):
        raise UnsupportedSegment(
            f"a segment of the type 'interactive' takes {size(content):,} bytes, and a card may take {limit:,}: "
            "send several cards, or a card entity (cardkit)"
        )
    return content


def serialize(message: Iterable[Segment]) -> tuple[str, str]:
    """``(msg_type, content)`` of a message that fits into one; raises a ``ValueError`` for any other."""
    outgoing = render(message)
    if len(outgoing) > 1:
        raise ValueError("this message cannot be sent as one: use bot.send, or render() for its parts")
    return outgoing[0].msg_type, outgoing[0].content
