"""Finds a text in the body of an event, whichever way its event type has it. Pure."""

from typing import Any

from ..net.bounded_json import is_list, is_object


def find_text(body: object, *paths: tuple[str, ...]) -> str:
    """The first text at one of the paths, through dicts and models; empty if there is none."""
    for path in paths:
        part: Any = body
        for name in path:
            part = part_of(part, name)
        if isinstance(part, str) and part:
            return part
    return ""


def part_of(whole: Any, name: str) -> Any:
    """A part of a dict, list (``0``: its first) or model; None if there is none."""
    if is_object(whole):
        return whole.get(name)
    if is_list(whole):
        return next(iter(whole), None) if name == "0" else None
    return getattr(whole, name, None)
