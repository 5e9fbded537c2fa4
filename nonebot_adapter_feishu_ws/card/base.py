"""What all parts of a card share: a frozen dataclass whose fields say how they stand in the JSON.

A field's name is its JSON key. Its metadata is a codec where the value is not plain JSON already. A part that is read
from JSON must give the same JSON back; what cannot do that is kept raw, so that nothing of a card is ever lost.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from typing_extensions import override

PartT = TypeVar("PartT", bound="Part")
Codec = dict[str, Callable[[Any], Any]]


@dataclass(frozen=True)
class Part:
    """A piece of a card. Immutable; lists become tuples and dicts are copied."""

    tag: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, (list, tuple, dict)):
                object.__setattr__(self, spec.name, _frozen(cast("Any", value)))

    def to_dict(self) -> dict[str, Any]:
        """Its JSON; what is None is left out."""
        body: dict[str, Any] = {"tag": self.tag} if self.tag else {}
        for spec in fields(self):
            value = getattr(self, spec.name)
            if value is not None and not spec.metadata.get("apart"):
                body[spec.name] = spec.metadata.get("dump", plain)(value)
        return body

    @classmethod
    def arguments(cls, body: Mapping[str, Any]) -> dict[str, Any]:
        """The constructor's arguments for a JSON body."""
        return {
            spec.name: spec.metadata.get("load", plain)(body[spec.name])
            for spec in fields(cls)
            if spec.name in body and not spec.metadata.get("apart")
        }


@dataclass(frozen=True)
class Component(Part):
    """Whatever may stand among a card's elements."""


@dataclass(frozen=True)
class Element(Component):
    """A component that is known here.

    Attributes:
        element_id: its name for updates; letters, digits and underscores, a letter first, at most 20, unique.
        margin: outer margin such as ``"4px 0"``, from -99 to 99 px.
    """

    element_id: str | None = field(default=None, kw_only=True)
    margin: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Raw(Component):
    """Any element as Feishu's JSON, passed on unchanged: charts, for example."""

    data: Mapping[str, Any]

    @override
    def to_dict(self) -> dict[str, Any]:
        """A copy of its JSON."""
        return plain(self.data)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return plain(cast("dict[str, Any]", value))
    return tuple(_frozen(item) if isinstance(item, dict) else item for item in value)


def plain(value: Any) -> Any:
    """A JSON value that shares nothing with the given one; tuples become lists."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in cast("Sequence[Any]", value)]
    return value


def read_part(kind: type[PartT], body: object) -> PartT | None:
    """The part that stands for a JSON body, or None when the body holds something that it cannot express."""
    if not isinstance(body, Mapping):
        return None
    known = cast("Mapping[str, Any]", body)
    try:
        part = kind(**kind.arguments(known))
        return part if part.to_dict() == known else None
    except (TypeError, ValueError, KeyError, AttributeError, IndexError):
        return None


def dump_part(value: Any) -> Any:
    """The JSON of a part, or of what stands for it."""
    return value.to_dict() if isinstance(value, Part) else plain(value)


def part_of(kind: type[Part]) -> Codec:
    """Codec of one nested part; a plain dict stands in where the part cannot express it."""
    return {"dump": dump_part, "load": lambda body: read_part(kind, body) or plain(body)}


def parts_of(kind: type[Part]) -> Codec:
    """Codec of a list of nested parts."""

    def load(items: Any) -> tuple[Any, ...]:
        return tuple(read_part(kind, item) or plain(item) for item in items)

    return {"dump": lambda items: [dump_part(item) for item in items], "load": load}


def shorthand_of(kind: Callable[[str], Part]) -> Codec:
    """Codec of a nested part for which its first field may stand alone, as a text."""

    def dump(value: Any) -> Any:
        return dump_part(kind(value) if isinstance(value, str) else value)

    return {**part_of(cast("type[Part]", kind)), "dump": dump}


def objects_of(key: str) -> Codec:
    """Codec of a list of texts that are objects with one key in the JSON."""

    def dump(items: Any) -> list[Any]:
        return [{key: each} if isinstance(each, str) else plain(each) for each in items]

    def load(items: Any) -> tuple[Any, ...]:
        return tuple(item[key] if item.keys() == {key} else plain(item) for item in items)

    return {"dump": dump, "load": load}


def read_element(body: Mapping[str, Any]) -> Component:
    """The component that stands for an element's JSON, or :class:`Raw`."""
    kind = _components().get(str(body.get("tag")))
    return (read_part(kind, body) if kind else None) or Raw(body)


@cache
def _components() -> dict[str, type[Element]]:
    """The components of this package by their tag; a column is read by the columns that hold it."""
    kinds: list[type[Element]] = [Element]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind.tag: kind for kind in kinds if kind.tag not in ("", "column") and kind.__module__.startswith(_PACKAGE)}


_PACKAGE = __name__.rpartition(".")[0]


def _load_elements(items: Any) -> tuple[Component, ...]:
    if not all(isinstance(item, Mapping) for item in items):
        raise ValueError("an element is no object")
    return tuple(map(read_element, items))


ELEMENTS: Codec = {"dump": lambda items: [item.to_dict() for item in items], "load": _load_elements}
APART: dict[str, Any] = {"apart": True}
"""Metadata of a field that its class writes and reads by itself."""
