"""JSON without what it says: ids, names, texts, keys and secrets replaced, its shape kept. No I/O."""

import json
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from ..net.bounded_json import is_list, is_object
from .fields import ENUM, ENUMS, FREE, NUMBERS, TEXTS, is_id, is_time
from .shape import PREFIX, clean_text, shape, shape_text

BASE_MS = 1_700_000_000_000
"""The first time of a recording; all others keep their distance from it."""
_RANGE_MS = range(1_262_304_000_000, 4_102_444_800_000)
_DEEPEST = 6
"""JSON inside JSON texts."""
_COMMAND = re.compile(r"(\s*(?:@_(?:user_\d+|all)\s+)*)(\S+)", re.ASCII)


class Scrubber:
    """Replaces the same thing by the same thing, for one recording."""

    def __init__(
        self,
        *,
        names: Collection[str],
        segments: Collection[str],
        secrets: Iterable[str] = (),
        commands: Iterable[str] = (),
        keep: Collection[str] = (),
        keep_text: bool = False,
    ) -> None:
        """Know what may stay.

        Args:
            names: of fields, which stay; others are replaced as texts are.
            segments: of paths, which stay.
            secrets: texts that stay nowhere, whatever their field.
            commands: words of a bot's own source, which stay where a text begins with them.
            keep: further fields whose values stay.
            keep_text: keep what people wrote in messages, but for what looks like an id, an address or a secret.
        """
        self._names = names
        self._segments = segments
        self._secrets = sorted({each for each in secrets if len(each) >= 4}, key=len, reverse=True)
        self._commands = frozenset(each for each in commands if not self._holds_secret(each))
        self._keep = frozenset(keep)
        self._keep_text = keep_text
        self._fakes: dict[str, str] = {}
        self._made: dict[str, int] = {}
        self._moved_by: int | None = None

    def event(self, payload: dict[str, Any]) -> dict[str, Any]:
        """An event."""
        return self.value(payload)

    def path(self, path: str) -> str:
        """The path of a REST call: what is no documented part of one is an id."""
        parts = path.partition("?")[0].strip("/").removeprefix("open-apis/").split("/")
        return "/".join(part if part in self._segments else self.fake_id(part) for part in parts)

    def value(self, value: Any, name: str = "", *, free: bool = False, said: bool = False, depth: int = 0) -> Any:
        """Any JSON value.

        Args:
            value: what stands in the field.
            name: of the field.
            free: whether names and values are a plugin's own.
            said: whether it is the content of a message of a person.
            depth: of JSON inside JSON.
        """
        if is_object(value):
            return self._object(value, free=free, said=said, depth=depth)
        if is_list(value):
            return [self.value(each, name, free=free, said=said, depth=depth) for each in value]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, name, free, said, depth)
        return self._number(value, name, free)

    def _object(self, value: dict[str, Any], *, free: bool, said: bool, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        by_person = said or ("message_id" in value and "message_type" in value)
        for key, each in value.items():
            known = not free and key in self._names and not self._holds_secret(key)
            name = key if known else self._key(key, result)
            inside = by_person and (said or key == "content")
            result[name] = self.value(each, key, free=not known or key in FREE, said=inside, depth=depth)
        return result

    def _key(self, key: str, taken: Collection[str]) -> str:
        made = base = shape_text(key, self.fake_id)
        number = 1
        while made in taken:
            number += 1
            made = f"{base}{number}"
        return made

    def _text(self, text: str, name: str, free: bool, said: bool, depth: int) -> str:
        if not text:
            return text
        if depth < _DEEPEST and text[0] in "{[" and (inner := _parsed(text)) is not None:
            made = self.value(inner, name, free=free, said=said, depth=depth + 1)
            return json.dumps(made, ensure_ascii=False)
        for secret in self._secrets:
            text = text.replace(secret, shape(secret))
        if not free or name in self._keep:
            if (name in ENUMS or name in self._keep) and ENUM.fullmatch(text):
                return text
            if is_time(name) and (moved := self._time(text)) is not None:
                return moved
        if is_id(name) and not free and not any(each.isspace() for each in text):
            return self.fake_id(text)
        return self._words(text, by_person=said and name in TEXTS)

    def _words(self, text: str, *, by_person: bool) -> str:
        replace: Callable[[str, Callable[[str], str]], str]
        replace = clean_text if by_person and self._keep_text else shape_text
        found = _COMMAND.match(text) if by_person else None
        if found and found[2] in self._commands:
            return f"{found[0]}{replace(text[found.end() :], self.fake_id)}"
        return replace(text, self.fake_id)

    def _number(self, number: float, name: str, free: bool) -> float:
        if not free and is_time(name) and (moved := self._time(str(number))) is not None:
            return int(moved) if isinstance(number, int) else float(moved)
        if not free and is_id(name) and isinstance(number, int) and number > 0:
            return int(self.fake_id(str(number)))
        if isinstance(number, float):
            return number if not free and name in NUMBERS and number == number // 1 else 0.0
        if not free and (name in NUMBERS or name in self._keep) and not self._holds_secret(str(number)):
            return number
        return 0 if number == 0 else 10 ** (len(str(abs(number))) - 1)

    def _time(self, text: str) -> str | None:
        """A time of this century moved to those of the recording; None for anything else."""
        digits, _, rest = text.partition(".")
        unit = {10: 1000.0, 13: 1.0, 16: 0.001}.get(len(digits))
        if unit is None or not digits.isdecimal() or (rest and not rest.isdecimal()):
            return None
        ms = int(int(digits) * unit)
        if ms not in _RANGE_MS:
            return None
        if self._moved_by is None:
            self._moved_by = BASE_MS - ms
        moved = int(digits) + round(self._moved_by / unit)
        return f"{moved}.{'0' * len(rest)}" if rest else str(moved)

    def fake_id(self, original: str) -> str:
        """An id of the same prefix and length, the same for the same; a placeholder of a mention stays."""
        if original in self._fakes:
            return self._fakes[original]
        found = PREFIX.match(original)
        prefix = found[0] if found and len(original) - found.end() >= 8 else ""
        if not prefix and (len(original) < 2 or original.startswith(("@_user_", "@_all"))):
            return shape_text(original, self.fake_id)
        number = self._made[prefix] = self._made.get(prefix, 0) + 1
        body, width = original[len(prefix) :], len(original) - len(prefix)
        # A number stays one, and begins with no 0.
        fake = f"1{number:0{width - 1}}" if body.isdecimal() else f"{number:0{width}x}"
        self._fakes[original] = f"{prefix}{fake}"
        return self._fakes[original]

    def _holds_secret(self, text: str) -> bool:
        return any(each in text for each in self._secrets)


def _parsed(text: str) -> Any:
    try:
        inner: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return inner if is_object(inner) or is_list(inner) else None


def move_times(value: Any, by_ms: int, name: str = "") -> Any:
    """A recorded JSON value with its times moved."""
    if is_object(value):
        return {key: move_times(each, by_ms, key) for key, each in value.items()}
    if is_list(value):
        return [move_times(each, by_ms, name) for each in value]
    text = str(value)
    if not is_time(name) or isinstance(value, bool) or not text.isdecimal() or len(text) not in (10, 13):
        return value
    moved = int(text) + (by_ms if len(text) == 13 else by_ms // 1000)
    return moved if isinstance(value, int) else str(moved)
