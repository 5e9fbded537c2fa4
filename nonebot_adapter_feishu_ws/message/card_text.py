"""A card as text: what a person can read on it, in whichever form it comes. Pure, and never raises.

The forms are JSON 1.0 and 2.0 as bots send them, the summary in events (接收消息内容), and the client's tree
(``json_card``), which has the fields of JSON 2.0 in camel case under ``property``.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import chain, groupby
from typing import Any, Final

from ..net.bounded_json import as_list, as_object, as_text, is_list, is_object
from .card_json import field, get, links, number, plain, source_of, tag_of, unpacked, urls
from .times import moment

MAX_TEXT: Final = 40_000
"""More than a card of 30 KB, Feishu's limit, can say."""
_MAX_DEPTH: Final = 64
_MAX_NODES: Final = 20_000
_STUB: Final = "请升级至最新版本客户端"
"""What a summary says in place of a card of JSON 2.0."""
_STUB_LIKE: Final = re.compile(r"最新版本|最新バージョン|latest version", re.IGNORECASE)
"""The same in other languages, as far as can be guessed: the price of a wrong guess is one more call."""
_ON_CLICK: Final = ("hover_tips", "disabled_tips", "confirm")
_PARTS: Final = (
    *("card", "data", "header", "title", "subtitle", "text_tag_list", "body", "text", "fields", "extra", "content"),
    *("label", "placeholder", "options", "elements", "columns", "actions", "buttons", "button_area", *_ON_CLICK),
)
"""Where a card's JSON holds what can be read, in reading order. Other objects and lists are looked through as well."""
_SILENT: Final = frozenset(
    {
        *("value", "behaviors", "action", "url", "href", "multi_url", "card_link", "config", "i18n", "fallback"),
        *("mentions", "json_attachment", "template_variable"),
    }
)
_ORDER: Final[Mapping[str, int]] = {key: place for place, key in enumerate(_PARTS)}
_APART: Final = _SILENT | frozenset(_PARTS)
_INLINE: Final = frozenset(
    ("text", "a", "link", "number_tag", "at", "at_all", "emotion", "emoji", "code_span", "br", "local_datetime")
)
_TAGS: Final = "at|person|local_datetime"
_TAG: Final = re.compile(
    rf"```.*?```|`[^`\n]*`|<({_TAGS})\b([^<>]{{0,500}})>(?:([^<]{{0,500}})</(?:{_TAGS})>)?", re.DOTALL
)
_ATTRIBUTE: Final = re.compile(r"""(\w+)\s*=\s*["']?([^"'\s>]+)""")
_GO_TEXT: Final = re.compile(r"\btext:(.*?)(?= \w+:|\])")
"""A list of tags in a cell of the client's tree, as Go prints it: ``[map[text:VIP] map[text:New]]``."""


def card_text(card: object, *, limit: int = MAX_TEXT) -> str:
    """The readable text of a card, line by line: titles, texts, links, button labels in brackets, table cells.

    Never raises; what is nested too deeply is left out.

    Args:
        card: its JSON.
        limit: the length of the text, in characters, at most.
    """
    lines: list[str] = []
    size = 0
    for nodes, line in enumerate(_Reader().lines(card, 0)):
        if (line := line.strip()) and not line.startswith(_STUB):
            lines.append(line)
            size += len(line) + 1
        if size > limit or nodes > _MAX_NODES:
            break
    return "\n".join(lines)[:limit]


def is_stub(card: Mapping[str, Any]) -> bool:
    """Whether a card's words are elsewhere: in a template, an entity, or behind a summary that asks for an update.

    One that streams, or has streamed, may come as it began: with the first words, or with a title alone.
    """
    own = source_of(card)
    if own is None and (
        card.get("type") in ("template", "card")
        or get(card.get("config"), "streaming_mode") is True
        or _STUB_LIKE.search(str(card.get("elements")))
    ):
        return True
    shown = card if own is None else own
    elements = plain(as_object(shown.get("body"))).get("elements") or shown.get("elements")
    return not card_text(elements or card)


class _Reader:
    """Reads one card. ``names`` has the people in it, by each key that may stand for them."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def lines(self, node: object, depth: int) -> Iterator[str]:
        # Each node yields at least one line, so that the caller counts the nodes.
        yield ""
        if depth > _MAX_DEPTH:
            return
        if isinstance(node, str):
            yield self.named(node)
        elif type(node) in (int, float):
            yield str(node)
        elif is_list(node):
            yield from self.rows(node, depth)
        elif is_object(node):
            yield from self.component(node, depth)

    def rows(self, items: list[Any], depth: int) -> Iterator[str]:
        if any(_STUB in as_text(get(item, "text")) for item in items[:10]):
            return  # the picture beside it belongs to it
        for is_inline, row in groupby(items, lambda item: tag_of(item) in _INLINE):
            if is_inline:
                yield "".join(self.text(item, depth + 1) for item in row)
                continue
            for item in row:
                yield from self.lines(item, depth + 1)

    def component(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        if "mentions" in node or "json_attachment" in node:
            self.learn_names(node)
        if (source := source_of(node)) is not None and (yield from _told(self.lines(source, depth + 1))):
            return
        if node.get("type") == "template":
            yield from self.variables(get(node.get("data"), "template_variable"), "", depth)
            return
        node = plain(node)
        if (tag := tag_of(node)) in _INLINE or is_object(node.get("href")):
            yield self.text(node, depth + 1)
        elif not (yield from _told(_READERS.get(tag, _Reader.parts)(self, node, depth))):
            yield from self.lines(node.get("fallback") or get(node.get("config"), "summary"), depth + 1)

    def parts(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        names = {"content" if key == "i18n" else key.removeprefix("i18n_") for key in node}
        for key in sorted(names & _ORDER.keys(), key=_ORDER.__getitem__):
            yield from self.lines(field(node, key), depth + 1)
        for key, value in node.items():
            if (is_object(value) or is_list(value)) and not key.startswith("i18n_") and key not in _APART:
                yield from self.lines(value, depth + 1)
        if found := links(node):
            yield _linked("", found)

    def text(self, value: object, depth: int) -> str:
        """A text in one piece: a string, a number, a component or a list of them."""
        if isinstance(value, str):
            return self.named(value)
        if depth > _MAX_DEPTH or value is None or isinstance(value, bool):
            return ""
        if is_list(value):
            return "".join(self.text(item, depth + 1) for item in value)
        if not is_object(value):
            return str(value)
        node = plain(value)
        tag = tag_of(node)
        if tag in _READERS:
            return "\n".join(filter(None, _READERS[tag](self, node, depth + 1)))
        if tag in _PIECES:
            return _PIECES[tag](self, node, depth)
        places = (field(node, key) for key in ("content", "text", "elements", "fallback"))
        text = next(filter(None, (self.text(place, depth + 1) for place in places)), "")
        for name, url in as_object(node.get("href")).items():
            text = text.replace(f"${name}", next(iter(urls(url)), f"${name}"))
        return _linked(text, links(node)) if tag in _INLINE else text

    # People

    def learn_names(self, node: Mapping[str, Any]) -> None:
        """Take the names beside a card: of the message's mentions, and of what belongs to the client's tree."""
        for key, person in as_object(node.get("mentions")).items():
            if name := as_text(get(person, "user_name")):
                self.names[key] = self.names[as_text(get(person, "user_id"))] = name
        attached = as_object(unpacked(node.get("json_attachment")))
        for key, person in chain.from_iterable(
            as_object(attached.get(kind)).items() for kind in ("at_users", "persons", "option_users")
        ):
            name = self.names.get(as_text(get(person, "mention_key"))) or as_text(get(person, "content"))
            if name:
                self.names[key] = name

    def person(self, *keys: object) -> str:
        """Somebody by the first key that is known, or else by the first one that is given."""
        given = [key for key in keys if isinstance(key, str) and key]
        name = next((self.names[key] for key in given if key in self.names), next(iter(given), ""))
        return "@all" if name in ("all", "@_all") else name and f"@{name.removeprefix('@')}"

    def somebody(self, node: Mapping[str, Any], depth: int) -> str:
        found = self.person(*(node.get(key) for key in ("user_name", "user_id", "open_id", "id")))
        return found if found[1:] in self.names.values() else self.text(node.get("notation"), depth + 1) or found

    def named(self, text: str) -> str:
        """A text with its mentions by name, and its times as clients show them, outside of code."""
        return _TAG.sub(self._tag, text) if "<" in text else text

    def _tag(self, found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        given = dict(_ATTRIBUTE.findall(found[2]))
        label = (found[3] or "").strip()
        if found[1] == "local_datetime":
            return _linked(moment(given.get("millisecond")) or label, urls(given.get("link")))
        if label:
            return f"@{label.removeprefix('@')}"
        if ids := given.get("ids"):
            return " ".join(map(self.person, ids.split(",")))
        return self.person(*(given.get(key) for key in ("mention_key", "id", "user_id", "open_id", "email")))

    # Components

    def variables(self, value: object, name: str, depth: int) -> Iterator[str]:
        if isinstance(value, (str, int, float)):
            yield f"{name}: {value}"
        elif depth <= _MAX_DEPTH:
            for key, each in as_object(value).items() or ((name, each) for each in as_list(value)):
                yield from self.variables(each, key, depth + 1)

    def button(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        yield _button(self.text(node.get("text"), depth + 1), links(node))
        yield from self.on_click(node, depth)

    def on_click(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        for key in _ON_CLICK:
            yield from self.lines(node.get(key), depth + 1)

    def choice(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        yield self.text(field(node, "placeholder"), depth + 1)
        of_people = tag_of(node).endswith("_person")
        chosen = {as_text(each) for each in (node.get("initial_option"), *as_list(node.get("selected_values")))} - {""}
        shown: list[str] = []
        hints: list[str] = []
        for nth, each in enumerate(as_list(node.get("options")), 1):
            option = plain(each) if is_object(each) else {"text": each}
            value = as_text(option.get("value"))
            label = self.text(option.get("text"), depth + 1) or ("image" if "img_key" in option else "")
            label = label or (self.person(value) if of_people else value)
            place = node.get("initial_index") == nth or node.get("initialIndex") == nth - 1
            mark = "✓ " if {value, label} & chosen or place else ""
            chosen -= {value, label}
            shown.append(_button(f"{mark}{label}" if label else "", links(option)))
            hints += self.on_click(option, depth + 1)
        shown += [f"[✓ {self.person(each) if of_people else each}]" for each in sorted(chosen)]
        yield " ".join(filter(None, shown))
        yield from hints
        yield from self.on_click(node, depth)

    def entry(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        for key in ("label", "placeholder", "default_value", "initial_date", "initial_time", "initial_datetime"):
            if key != "default_value" or node.get("input_type") != "password":
                text = self.text(field(node, key), depth + 1)
                yield moment(text) if key.startswith("initial_") and text.isdecimal() else text
        yield from self.on_click(node, depth)

    def checker(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        yield f"[{'x' if node.get('checked') is True else ' '}] {self.text(node.get('text'), depth + 1)}"
        yield from self.lines(node.get("button_area"), depth + 1)
        yield from self.on_click(node, depth)

    def image(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        words = dict.fromkeys(self.text(field(node, key), depth + 1) for key in ("title", "alt"))
        yield f"[{': '.join(filter(None, words)) or 'image'}]"

    def images(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        yield " ".join("[image]" for _ in as_list(node.get("img_list")))

    def medium(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        yield f"[{tag_of(node)}]"

    def people(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        persons = as_list(node.get("persons"))
        yield " ".join(
            self.somebody(plain(each), depth) for each in ([node] if not persons else filter(is_object, persons))
        )

    def table(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        columns = [plain(each) for each in as_list(node.get("columns"))[:50] if is_object(each)]
        yield " | ".join(self.text(field(each, "display_name") or each.get("name"), depth + 1) for each in columns)
        for row in as_list(node.get("rows")):
            yield " | ".join(self.cell(column, get(row, column.get("name")), depth) for column in columns)

    def cell(self, column: Mapping[str, Any], value: object, depth: int) -> str:
        if is_object(value) and "data" in value:
            value = value["data"]  # in the client's tree
        if is_list(value):
            return " ".join(self.cell(column, each, depth + 1) for each in value[:50]) if depth <= _MAX_DEPTH else ""
        text = str(value) if isinstance(value, bool) else self.text(value, depth + 1)
        kind = column.get("data_type")
        if text.startswith("[map["):
            text = " ".join(_GO_TEXT.findall(text))
        if kind == "persons":
            return self.somebody(value, depth) if is_object(value) else self.person(text)
        if kind == "date":
            return moment(text) or text
        return f"{as_text(get(column.get('format'), 'symbol'))}{text}" if kind == "number" and text else text

    def chart(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        spec = as_object(unpacked(node.get("chart_spec")))
        title = spec.get("title")
        for key, frame in (("text", "[chart: {}]"), ("subtext", "{}")):
            lines = (self.text(line, depth + 1) for line in _each(get(title, key)))
            words = " ".join(filter(None, lines))
            yield frame.format(words) if words else frame.replace(": {}", "").replace("{}", "")
        indicator, data = spec.get("indicator"), spec.get("data")
        labels = (get(part, "title") for part in (*as_list(spec.get("axes")), *_each(spec.get("legends"))))
        inside = (get(part, "style") for part in (get(indicator, "title"), *_each(get(indicator, "content"))))
        for words in chain(labels, inside):
            yield self.text(words, depth + 1)
        # Combined charts may have the data beside each series.
        for series in (*_each(data), *(get(series, "data") for series in as_list(spec.get("series")))):
            for values in as_list(get(series, "values")):
                yield ", ".join(self.text(each, depth + 1) for each in as_object(values).values())

    def bullets(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        shown: list[str] = []
        for item in as_list(node.get("items")):
            level, order = number(get(item, "level")), number(get(item, "order"))
            mark = f"{order}." if get(item, "type") == "ol" else "-"
            shown.append(f"{'  ' * min(level, 9)}{mark} {self.text(get(item, 'elements') or item, depth + 1)}")
        yield "\n".join(shown)

    def code(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        lines = (self.text(get(line, "contents"), depth + 1) for line in as_list(node.get("contents")))
        code = "\n".join(line.removesuffix("\n") for line in lines) or self.text(
            node.get("content") or node.get("text"), depth + 1
        )
        yield f"```{as_text(node.get('language'))}\n{code}\n```" if code else ""

    def quote(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        text = self.text(field(node, "content") or node.get("elements"), depth + 1)
        yield "> " + text.replace("\n", "\n> ") if text else ""

    def heading(self, node: Mapping[str, Any], depth: int) -> Iterator[str]:
        text = self.text(field(node, "content") or node.get("elements"), depth + 1)
        yield f"{'#' * min(max(number(node.get('level')), 1), 6)} {text}" if text else ""


_READERS: Final[Mapping[str, Callable[[_Reader, Mapping[str, Any], int], Iterator[str]]]] = {
    "button": _Reader.button,
    **dict.fromkeys(("select_static", "multi_select_static", "select_person", "multi_select_person"), _Reader.choice),
    **dict.fromkeys(("select_img", "overflow"), _Reader.choice),
    **dict.fromkeys(("input", "date_picker", "picker_time", "picker_datetime"), _Reader.entry),
    "checker": _Reader.checker,
    **dict.fromkeys(("img", "image"), _Reader.image),
    "img_combination": _Reader.images,
    **dict.fromkeys(("audio", "video"), _Reader.medium),
    **dict.fromkeys(("person", "person_v1", "person_list", "avatar"), _Reader.people),
    "table": _Reader.table,
    "chart": _Reader.chart,
    "list": _Reader.bullets,
    "code_block": _Reader.code,
    "blockquote": _Reader.quote,
    "heading": _Reader.heading,
}
"""Tag -> how its component reads; others are read part by part."""
_PIECES: Final[Mapping[str, Callable[[_Reader, Mapping[str, Any], int], str]]] = {
    "at": _Reader.somebody,
    "at_all": lambda reader, node, depth: "@all",
    "emotion": lambda reader, node, depth: f"[{as_text(node.get('emoji_type'))}]",
    "emoji": lambda reader, node, depth: f"[{as_text(node.get('key'))}]",
    "code_span": lambda reader, node, depth: f"`{as_text(node.get('content'))}`",
    "br": lambda reader, node, depth: "\n",
    "local_datetime": lambda reader, node, depth: (
        moment(node.get("milliseconds")) or as_text(node.get("fallback_text"))
    ),
}


def _told(lines: Iterable[str]) -> Generator[str, None, bool]:
    """Pass lines on; the result is whether they say anything."""
    told = False
    for line in lines:
        told = told or bool(line.strip())
        yield line
    return told


def _each(value: object) -> list[Any]:
    return value if is_list(value) else [value]


def _linked(label: str, links: list[str]) -> str:
    if not links:
        return label
    first, *others = links
    return " ".join([first if label in ("", first) else f"[{label}]({first})", *(f"({link})" for link in others)])


def _button(label: str, links: list[str]) -> str:
    return _linked(label, links) if links or not label else f"[{label}]"
