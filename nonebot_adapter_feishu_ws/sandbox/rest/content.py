"""Which contents and cards Feishu accepts for which message type (发送消息内容), and its codes for the others."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from unicodedata import east_asian_width

from ...card.pictures import picture_places
from ...net.bounded_json import as_list, as_object, is_list, is_object
from ..state import App, World
from .call import ApiError, ensure

TEXT_LIMIT = 150 * 1024
RICH_LIMIT = 30 * 1024
MAX_COMPONENTS = 200
MAX_TABLES = 5
MAX_DIVIDER = 20
"""Characters; a Chinese one counts as two."""
LANGUAGES = re.compile("en_US|zh_(CN|HK|TW)|ja_JP|id_ID|vi_VN|th_TH|pt_BR|es_ES|ko_KR|de_DE|fr_FR|it_IT|ru_RU|ms_MY")
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
_UPLOADED_AS = {"audio": "opus", "media": "mp4"}
"""Messages whose file must have been uploaded as one type; a ``file`` is any other one."""
_DEAD_TAGS = frozenset({"action", "note"})
_DATA = frozenset({"rows", "value", "chart_spec", "template_variable"})


def check_content(world: World, msg_type: str, content: object) -> None:
    """Accept a content or raise.

    Raises:
        ApiError: 230001 for a wrong shape, 230025 for a long one, 230099 for a card that is wrong.
    """
    if not isinstance(content, str):
        raise ApiError(230001, ext="content must be a string.")
    limit = TEXT_LIMIT if msg_type == "text" else RICH_LIMIT
    ensure(len(content.encode()) <= limit, 230025)
    try:
        body: object = json.loads(content)
    except ValueError:
        body = None
    if not is_object(body):
        raise ApiError(230001, ext="content is not a JSON object.")
    if msg_type == "text":
        ensure(isinstance(body.get("text"), str) and body["text"] != "", 230001, ext="text is empty.")
    elif msg_type == "post":
        _check_post(world, body)
    elif msg_type == "interactive":
        check_card(body)
    elif msg_type == "system":
        _check_divider(body)
    else:
        ensure(msg_type in _KEYS, 230001, ext=f"invalid msg_type {msg_type}.")
        key = body.get(_KEYS[msg_type])
        known = {"share_chat": world.chats, "share_user": world.users}.get(msg_type, world.files)
        ensure(isinstance(key, str) and key in known, 230001, ext=f"invalid {_KEYS[msg_type]}.")


def check_owner(world: World, app: App, msg_type: str, content: str) -> None:
    """Accept the file of a message or raise: the app's own, uploaded as its type; a sticker is a received one.

    Raises:
        ApiError: 230017 or 230055.
    """
    if _KEYS.get(msg_type) != "file_key":
        return
    stored, wanted = world.files[json.loads(content)["file_key"]], _UPLOADED_AS.get(msg_type)
    if msg_type == "sticker":
        ensure(not stored.app_id, 230055)
        return
    ensure(stored.app_id == app.app_id, 230017)
    ensure(stored.kind == wanted if wanted else stored.kind not in _UPLOADED_AS.values(), 230055)


def _check_divider(body: Mapping[str, Any]) -> None:
    ensure(body.get("type") == "divider", 230001, ext="system takes the type divider only.")
    divider = as_object(as_object(body.get("params")).get("divider_text"))
    by_language = as_object(divider.get("i18n_text"))
    ensure(all(map(LANGUAGES.fullmatch, by_language)), 230001, ext="invalid i18n_text.")
    for text in (divider.get("text"), *by_language.values()):
        width = sum(2 if east_asian_width(each) in "WF" else 1 for each in text) if isinstance(text, str) else 0
        ensure(0 < width <= MAX_DIVIDER, 230001, ext="divider_text.text is empty or too long.")


def _check_post(world: World, body: Mapping[str, Any]) -> None:
    ensure(bool(body), 230001, ext="post has no locale.")
    for locale, part in body.items():
        lines = as_object(part).get("content")
        ensure(is_list(lines), 230001, ext=f"post.{locale}.content.")
        ensure(all(is_list(line) for line in as_list(lines)), 230001, ext="a line is no list.")
        for line in as_list(lines):
            _check_line(world, line)


def _check_line(world: World, line: list[dict[str, Any]]) -> None:
    for element in line:
        tag = str(element.get("tag"))
        ensure(tag in _POST_TAGS, 230001, ext=f"unknown post tag {tag}.")
        for key in _POST_TAGS[tag]:
            ensure(isinstance(element.get(key), str), 230001, ext=f"{tag} needs {key}.")
        ensure(tag not in _ALONE or len(line) == 1, 230001, ext=f"{tag} needs its own line.")
        ensure(tag != "img" or element["image_key"] in world.files, 230001, ext="invalid image_key.")


def check_card(card: Mapping[str, Any]) -> None:
    """Accept a card or raise. An empty one is accepted, as Feishu's document says.

    Raises:
        ApiError: 230099, whose text carries the sub-code.
    """
    if card.get("type") in ("template", "card"):
        key = "template_id" if card["type"] == "template" else "card_id"
        if not isinstance(as_object(card.get("data")).get(key), str):
            raise _refusal(200380, f"template does not exist; ErrorValue: {key}")
        return
    if url := next((url for place in picture_places(card) for url in place.urls()), ""):
        raise _refusal(200570, f"card contains invalid image keys; ErrorValue: image key {url}")
    schema = card.get("schema", "1.0")
    if schema == "1.0":
        if not is_list(card.get("elements", [])):
            raise _malformed("elements is not an array")
        return
    if schema != "2.0":
        raise _malformed(f"schema {schema!r}")
    body: object = card.get("body", {})
    if not is_object(body) or not is_list(body.get("elements", [])):
        raise _malformed("body.elements is not an array")
    if "elements" in card:
        raise _malformed("unknown property elements")
    _check_components(card)


def _check_components(card: Mapping[str, Any]) -> None:
    # What bots put into values and rows is no component.
    found = [each for each, _ in walk(card, _DATA) if isinstance(each.get("tag"), str)]
    tags = Counter(str(each["tag"]) for each in found)
    if dead := _DEAD_TAGS & tags.keys():
        tag = min(dead)
        path = f"ErrPath: ROOT -> body -> elements -> [0](tag: {tag}); "
        text = f"cards of schema V2 no longer support this capability; ErrorValue: unsupported tag {tag}"
        raise _refusal(200861, text, path)
    if len(found) > MAX_COMPONENTS:
        raise _refusal(300305, "element exceeds the limit")
    if tags["table"] > MAX_TABLES:
        raise _refusal(11310, "card table number over limit; ErrorValue: table")
    if (repeated := _repeated(found, "element_id")) is not None:
        raise _refusal(300301, f"Duplicate element_id in card component; ErrorValue: {repeated}")
    if (repeated := _repeated(found, "name")) is not None:
        raise _refusal(11310, f"name({repeated}) duplicate")


def _repeated(components: list[dict[str, Any]], key: str) -> str | None:
    values = Counter(str(each[key]) for each in components if each.get(key))
    return next((value for value, count in values.most_common(1) if count > 1), None)


def _malformed(value: str) -> ApiError:
    return _refusal(200621, f"parse card json err, please check whether the card json is correct; ErrorValue: {value}")


def _refusal(code: int, message: str, path: str = "") -> ApiError:
    return ApiError(230099, ext=f"ErrCode: {code}; {path}ErrMsg: {message}; ")


def walk(card: Mapping[str, Any], without: Collection[str] = ()) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Every object of a card, with the list that holds it (empty if none does); some keys' values are not visited."""
    rest: list[tuple[object, list[Any]]] = [(card, [])]
    while rest:
        item, holder = rest.pop()
        if is_object(item):
            yield item, holder
            rest += [(value, []) for key, value in item.items() if key not in without]
        elif is_list(item):
            rest += [(child, item) for child in item]
