"""Event type -> class. The classes of single event types are imported when the first one is needed."""

from functools import cache
from importlib import import_module
from typing import Any

from .generated import BASES, BY_HAND, EVENTS


def find_class(event_type: str) -> type[Any] | None:
    """Import the class of an event type; None for an unknown type."""
    place = find_place(event_type)
    return _load(*place) if place else None


def find_name(name: str) -> type[Any]:
    """Import an event class, or the class of its body (``...EventDetail``), by name.

    Raises:
        AttributeError: there is none.
    """
    module = _modules().get(name.removesuffix("Detail"))
    if module is None:
        raise AttributeError(f"module {__package__!r} has no attribute {name!r}")
    return _load(module, name)


def known_types() -> list[str]:
    """Every event type with a class of its own, messages aside."""
    return sorted({*EVENTS, *BY_HAND})


def find_place(event_type: str) -> tuple[str, str] | None:
    """The module (below this package) and the name of an event type's class."""
    if event_type in BY_HAND:
        return BY_HAND[event_type]
    name = EVENTS.get(event_type)
    # Types of the first generation are one word, without a domain.
    domain = event_type.partition(".")[0] if "." in event_type else "first"
    return (f"generated.{domain}", name) if name else None


@cache
def _modules() -> dict[str, str]:
    places = filter(None, map(find_place, known_types()))
    return {name: module for module, name in places} | BASES


def _load(module: str, name: str) -> type[Any]:
    return getattr(import_module(f".{module}", __package__), name)
