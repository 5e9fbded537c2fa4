"""Which contents Feishu accepts for which message type (发送消息内容). Raises the codes that Feishu answers with."""

import json
from collections.abc import Mapping
from typing import Any

from ...net.bounded_json import as_list, as_object
from ..state import World
from .call import ApiError
from .card_check import check_card

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
        raise ApiError(230001, ext="content must be a string.")
    limit = TEXT_LIMIT if msg_type == "text" else RICH_LIMIT
    if len(content.encode()) > limit:
        raise ApiError(230025)
    try:
        body: object = json.loads(content)
    except ValueError:
        body = None
    fields = as_object(body)
    if not isinstance(body, dict):
        raise ApiError(230001, ext="content is not a JSON object.")
    _check_body(world, msg_type, fields)


def _check_body(world: World, msg_type: str, body: dict[str, Any]) -> None:
    if msg_type == "text":
        if not isinstance(body.get("text"), str) or not body["text"]:
            raise ApiError(230001, ext="text is empty.")
    elif msg_type == "post":
        _check_post(world, body)
    elif msg_type == "interactive":
        check_card(body)
    elif msg_type in _KEYS:
        _check_key(world, msg_type, body)
    else:
        raise ApiError(230001, ext=f"invalid msg_type {msg_type}.")


def _check_key(world: World, msg_type: str, body: Mapping[str, Any]) -> None:
    key = body.get(_KEYS[msg_type])
    known = {"share_chat": world.chats, "share_user": world.users}.get(msg_type, world.files)
    if not isinstance(key, str) or key not in known:
        raise ApiError(230001, ext=f"invalid {_KEYS[msg_type]}.")


def _check_post(world: World, body: Mapping[str, Any]) -> None:
    if not body:
        raise ApiError(230001, ext="post has no locale.")
    for locale, part in body.items():
        lines = as_object(part).get("content")
        content = as_list(lines)
        if not isinstance(lines, list):
            raise ApiError(230001, ext=f"post.{locale}.content.")
        if not all(isinstance(line, list) for line in content):
            raise ApiError(230001, ext="a line is no list.")
        for line in content:
            _check_line(world, line)


def _check_line(world: World, line: list[dict[str, Any]]) -> None:
    for element in line:
        tag = str(element.get("tag"))
        if tag not in _POST_TAGS:
            raise ApiError(230001, ext=f"unknown post tag {tag}.")
        for key in _POST_TAGS[tag]:
            if not isinstance(element.get(key), str):
                raise ApiError(230001, ext=f"{tag} needs {key}.")
        if tag in _ALONE and len(line) > 1:
            raise ApiError(230001, ext=f"{tag} needs its own line.")
        if tag == "img" and element["image_key"] not in world.files:
            raise ApiError(230001, ext="invalid image_key.")
