"""The fields of a card's JSON, whichever form it comes in (see :mod:`.card_text`). Pure, and never raises."""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from ..net.bounded_json import JsonError, as_list, as_object, as_text, read_json

_LOCALES: Final = ("zh_cn", "en_us", "ja_jp")
_URLS: Final = ("url", "default_url", "pc_url", "ios_url", "android_url")
_LINKED: Final = ("url", "href", "multi_url", "card_link")
_LINKS: Final = frozenset((*_LINKED, "action", "actions", "behaviors"))
_PLATFORM_OFF: Final = "lark://msgcard/"
_UPPER: Final = re.compile(r"(?<=[a-z0-9])[A-Z]+")


def source_of(card: Mapping[str, Any]) -> dict[str, Any] | None:
    """The card's own JSON where Feishu delivers it beside the simplified text (``user_dsl``, ``json_card``)."""
    for key in ("user_dsl", "json_card"):
        if key in card and (fields := as_object(unpacked(card[key]))):
            return fields
    return None


@lru_cache(maxsize=512)
def _snake(key: str) -> str:
    # The client's tree counts options from 0, JSON 2.0 from 1.
    return key if key == "initialIndex" else _UPPER.sub(lambda upper: f"_{upper[0]}", key).lower()


def plain(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A component of the client's tree as JSON 2.0 has it; any other one as it is."""
    if "property" not in node and all(map(str.islower, node)):
        return node
    fields = {**node, **as_object(node.get("property"))}
    fields.pop("property", None)
    return {key if key.islower() else _snake(key): value for key, value in fields.items()}


def unpacked(value: object) -> object:
    """A value that comes as JSON text or as it is; None if the text is not JSON."""
    try:
        return read_json(value) if isinstance(value, str) else value
    except JsonError:
        return None


def get(node: object, key: object) -> object:
    """A field of what may be no object."""
    return as_object(node).get(key) if isinstance(key, str) else None


def tag_of(node: object) -> str:
    """The tag of a component; empty if it has none."""
    return as_text(get(node, "tag"))


def number(value: object) -> int:
    """An integer; 0 for anything else."""
    return value if type(value) is int else 0


def field(node: Mapping[str, Any], key: str) -> object:
    """A field, or its translation into one language where it is empty."""
    if value := node.get(key):
        return value
    by_locale = as_object(node.get(f"i18n_{key}") or (node.get("i18n") if key == "content" else None))
    return next((by_locale[locale] for locale in (*_LOCALES, *by_locale) if by_locale.get(locale)), None)


def urls(place: object) -> list[str]:
    """The links in a URL or a ``multi_url``."""
    found = [place] if isinstance(place, str) else [plain(as_object(place)).get(key) for key in _URLS]
    return [url for url in found if isinstance(url, str) and url and not url.startswith(_PLATFORM_OFF)]


def links(node: Mapping[str, Any]) -> list[str]:
    """Where a click on a component leads, each link once."""
    if _LINKS.isdisjoint(node):
        return []
    places = [node.get(key) for key in _LINKED]
    places.append(plain(as_object(node.get("action"))).get("multi_url"))
    for behavior in (*as_list(node.get("behaviors")), *as_list(node.get("actions"))):
        if get(behavior, "type") == "open_url":
            places += [behavior, get(behavior, "action")]
    return list(dict.fromkeys(chain.from_iterable(map(urls, places))))
