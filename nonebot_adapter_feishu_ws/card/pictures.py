"""The places of a card where pictures stand: its Markdown, and its image keys. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from ..message.markup import foreign_pictures
from ..net.bounded_json import as_list, as_object, as_text, is_list, is_object

_MARKDOWN: Final = frozenset({"markdown", "lark_md"})
_KEYS: Final = frozenset({"img_key", "image_key"})
_DATA: Final = frozenset({"value", "behaviors", "chart_spec", "template_variable", "rows"})
"""What bots put there is no component, whatever keys it has."""


class Place(NamedTuple):
    """Where a picture may stand.

    Attributes:
        path: such as ``elements[0].content``.
        holder: the object that holds it.
        key: under which name.
        text: Markdown, or an image key.
        is_markdown: which of them.
    """

    path: str
    holder: dict[str, Any]
    key: str
    text: str
    is_markdown: bool

    def urls(self) -> list[str]:
        """The targets of pictures there that are no keys of uploaded ones."""
        if self.is_markdown:
            return [picture.url or picture.alt for picture in foreign_pictures(self.text)]
        return [self.text] if "/" in self.text or self.text.startswith("data:") else []


def picture_places(card: Mapping[str, Any]) -> Iterator[Place]:
    """The places of a card, of JSON 2.0 or 1.0, where pictures may stand."""
    rest: list[tuple[str, Any]] = [(key, value) for key, value in card.items() if key not in _DATA][::-1]
    while rest:
        path, item = rest.pop()
        if is_list(item):
            rest += [(f"{path}[{index}]", each) for index, each in reversed(list(enumerate(item)))]
        if not is_object(item):
            continue
        tag = as_text(item.get("tag"))
        if tag in _MARKDOWN:
            yield from _texts(path, item, ["content"])
            for key in ("i18n_content", "i18n"):
                yield from _texts(f"{path}.{key}", as_object(item.get(key)))
        if tag == "table":
            columns = [as_object(column) for column in as_list(item.get("columns"))]
            names = [str(each.get("name")) for each in columns if as_text(each.get("data_type")) in _MARKDOWN]
            for index, row in enumerate(as_list(item.get("rows"))):
                yield from _texts(f"{path}.rows[{index}]", as_object(row), names)
        for key in _KEYS & item.keys():
            if isinstance(item[key], str):
                yield Place(f"{path}.{key}", item, key, item[key], False)
        rest += [(f"{path}.{key}", value) for key, value in reversed(item.items()) if key not in _DATA]


def _texts(path: str, holder: dict[str, Any], keys: list[str] | None = None) -> Iterator[Place]:
    for key in keys if keys is not None else list(holder):
        if isinstance(text := holder.get(key), str):
            yield Place(f"{path}.{key}", holder, key, text.replace("\r\n", "\n"), True)


def picture_problems(card: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the pictures of a card, a line each."""
    for place in picture_places(card):
        for url in place.urls():
            yield (
                f"{place.path.removeprefix('body.')}: the picture {url[:80]!r} is not uploaded, and Feishu takes only "
                "image keys (200570): card = await bot.upload_pictures(card), or write a link instead"
            )
