"""Which contents Feishu accepts for which message type (发送消息内容). Raises the codes that Feishu answers with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from ..state import World
from .card_check import check_card
from .routes import ApiError

TEXT_LIMIT = 150 * 1024
RICH_LIMIT = 30 * 1024
_POST_TAGS = {
    "text": ("text",),
    "a": ("text", "href"),
    "at": ("user_id",),
    "img": ("image_key",),
    "media": ("file_key",),
    "emotion": ("emoji_type",),
    "hr": (),
    "code_block": ("text",),
    "md": ("text",),
}
_ALONE = frozenset({"md", "img", "media", "hr", "code_block"})
_KEYS = {
    "image": "image_key",
    "file": "file_key",
    "audio": "file_key",
    "media": "file_key",
    "sticker": "file_key",
    "share_chat": "chat_id",
    "share_user": "user_id",
}


def check_content(world: World, msg_type: str, content: object) -> None:
    """Accept a content or raise.

    Raises:
        ApiError: 230001 for a wrong shape, 230025 for a long one, 230099 for a card that is wrong.
    """
    if not isinstance(content, str):
        raise ApiError(230001, "Your request contains an invalid request parameter, ext=content must be a string.")
    limit = TEXT_LIMIT if msg_type == "text" else RICH_LIMIT
    if len(content.encode()) > limit:
        raise ApiError(230025, "The length of the message content reaches its limit.")
    try:
        fields: object = json.loads(content)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise ApiError(230001, "Your request contains an invalid request parameter, ext=content is not a JSON object.")
    body = cast("dict[str, Any]", fields)
    if msg_type == "text":
        if not isinstance(body.get("text"), str) or not body["text"]:
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=text is empty.")
    elif msg_type == "post":
        _check_post(world, body)
    elif msg_type == "interactive":
        check_card(body)
    elif msg_type in _KEYS:
        _check_key(world, msg_type, body)
    else:
        raise ApiError(230001, f"Your request contains an invalid request parameter, ext=invalid msg_type {msg_type}.")


def _check_key(world: World, msg_type: str, body: Mapping[str, Any]) -> None:
    key = body.get(_KEYS[msg_type])
    known = {"share_chat": world.chats, "share_user": world.users}.get(msg_type, world.files)
    if not isinstance(key, str) or key not in known:
        raise ApiError(230001, f"Your request contains an invalid request parameter, ext=invalid {_KEYS[msg_type]}.")


def _check_post(world: World, body: Mapping[str, Any]) -> None:
    if not body:
        raise ApiError(230001, "Your request contains an invalid request parameter, ext=post has no locale.")
    for locale, part in body.items():
        lines = cast("Mapping[str, Any]", part).get("content") if isinstance(part, dict) else None
        if not isinstance(lines, list):
            raise ApiError(230001, f"Your request contains an invalid request parameter, ext=post.{locale}.content.")
        for line in cast("list[object]", lines):
            if not isinstance(line, list):
                raise ApiError(230001, "Your request contains an invalid request parameter, ext=a line is no list.")
            _check_line(world, cast("list[dict[str, Any]]", line))


def _check_line(world: World, line: list[dict[str, Any]]) -> None:
    for element in line:
        tag = str(element.get("tag"))
        if tag not in _POST_TAGS:
            raise ApiError(230001, f"Your request contains an invalid request parameter, ext=unknown post tag {tag}.")
        for key in _POST_TAGS[tag]:
            if not isinstance(element.get(key), str):
                raise ApiError(230001, f"Your request contains an invalid request parameter, ext={tag} needs {key}.")
        if tag in _ALONE and len(line) > 1:
            raise ApiError(230001, f"Your request contains an invalid request parameter, ext={tag} needs its own line.")
        if tag == "img" and element["image_key"] not in world.files:
            raise ApiError(230001, "Your request contains an invalid request parameter, ext=invalid image_key.")
