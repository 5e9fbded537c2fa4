"""What Feishu's documents say of an endpoint, as Python types and English descriptions; for ``generate_api.py``."""

import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DOCUMENTS = "https://open.feishu.cn/document"
WIDTH = 120
PLAIN_TYPES = {"string": "str", "int": "int", "boolean": "bool", "int64": "int"}
SPECIAL_RATE = "特殊频控"


@dataclass(frozen=True)
class Parameter:
    """One argument of a method, with what the document says of it."""

    name: str
    text: str
    type: str
    default: Any
    keyword_only: bool

    @property
    def required(self) -> bool:
        """Whether the caller must give it."""
        return self.default is ...

    @property
    def code(self) -> str:
        """The argument in a signature."""
        if self.required:
            return f"{self.name}: {self.type}"
        return f"{self.name}: {self.type}{' | None' if self.default is None else ''} = {literal(self.default)}"


class Endpoint:
    """The facts of one endpoint."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.verb: str = facts["method"]
        self.path = re.sub(r":(\w+)", r"{\1}", facts["path"].removeprefix("/open-apis/"))
        self.facts = facts
        self.in_path = {each["name"] for each in facts.get("path_params", ())}
        self.in_query = {each["name"] for each in facts.get("query", ())}
        self.parameters: dict[str, dict[str, Any]] = {}
        for part in ("path_params", "query", "body"):
            for each in facts.get(part, ()):
                self.parameters.setdefault(each["name"], each)
        self.response: dict[str, dict[str, Any]] = {each["name"]: each for each in facts.get("response", ())}

    @property
    def key(self) -> str:
        """Verb and path, as ``methods.toml`` names an endpoint."""
        return f"{self.verb} {self.path}"

    def notes(self, spec: Mapping[str, Any]) -> list[str]:
        """Scopes, rate and document, as paragraphs of a docstring."""
        scopes = spec.get("scopes") or self.facts.get("scopes_any") or []
        line = f"Scopes (one of): {codes(scopes)}" if scopes else "Scopes: none"
        line += f"; {spec['scope_note']}." if "scope_note" in spec else "."
        if fields := self.facts.get("field_scopes"):
            line += f" Scopes of single fields: {codes(fields)}."
        notes, document = [line], self.facts.get("document")
        if limit := self.facts.get("rate"):
            notes.append(f"Rate limit: {rate(limit)}.")
        if document:
            notes.append(f"Document: {DOCUMENTS}{document}")
        return notes


def rate(text: str) -> str:
    """A rate limit in English."""
    if text == SPECIAL_RATE:
        return "special, see the document"
    parts = re.findall(r"(\d+) 次/(分钟|秒)", text)
    return ", ".join(f"{count} calls per {'minute' if unit == '分钟' else 'second'}" for count, unit in parts)


def with_facts(text: str, facts: Mapping[str, Any], kind: str, *, shown: bool = False) -> str:
    """A description with the limits, values and default of the document, where it does not have them itself."""
    extra: list[str] = []
    low, high = facts.get("min"), facts.get("max")
    if low is not None and high is not None:
        extra.append(f"{low} to {high}")
    if "at most" not in text and (longest := facts.get("max_length")):
        extra.append(f"at most {longest} {'entries' if facts['type'].endswith('[]') else 'characters'}")
    default = facts.get("default")
    if default is not None and not facts.get("required") and "when not given" not in text:
        shown_default = {"int": default, "bool": default.title()}.get(kind, f"``{default}``")
        extra.append(f"{shown_default} when not given")
    text = text if shown or kind == "bool" else with_values(text, facts)
    if text and extra:
        return f"{text}; {', '.join(extra)}"
    return text or ", ".join(extra)


def with_values(text: str, facts: Mapping[str, Any]) -> str:
    """A description with the values of the document, where it names none of them."""
    values = facts.get("values") or []
    if facts.get("type") == "boolean" or any(re.search(rf"\b{re.escape(value)}\b", text) for value in values):
        return text
    if not values:
        return text
    *first, last = (f"``{value}``" for value in values)
    words = f"{', '.join(first)} or {last}" if first else last
    return f"{text}: {words}" if text else words


def argument_type(facts: Mapping[str, Any]) -> str:
    """The Python type of an argument."""
    kind = facts.get("type", "string")
    if kind.endswith("[]"):
        return f"Sequence[{PLAIN_TYPES.get(kind[:-2], 'Mapping[str, Any]')}]"
    return PLAIN_TYPES.get(kind, "Mapping[str, Any]")


def result_type(facts: Mapping[str, Any]) -> str | None:
    """The Python type of a field of an answer; None for an object, whose class is chosen by hand."""
    kind = facts.get("type", "")
    if kind.endswith("[]"):
        inner = PLAIN_TYPES.get(kind[:-2])
        return inner and f"list[{inner}]"
    return PLAIN_TYPES.get(kind)


def choice(facts: Mapping[str, Any]) -> str:
    """The ``Literal`` of a parameter with fixed values."""
    values = facts["values"]
    return f"Literal[{', '.join(values if facts['type'] == 'int' else map(literal, values))}]"


def literal(value: Any) -> str:
    """A value as Python code."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(each)}" for key, each in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def codes(names: Iterable[str]) -> str:
    """Names as inline code."""
    return ", ".join(f"``{name}``" for name in names)


def wrap(text: str, indent: int, *, hanging: int = 0) -> list[str]:
    """Lines of a docstring."""
    first, rest = " " * indent, " " * (indent + hanging)
    options = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, **options)


def indent(text: str) -> str:
    """A docstring of a class, from text of one or more lines."""
    return text.strip().replace("\n", "\n    ").replace("\n    \n", "\n\n") + ("\n    " if "\n" in text.strip() else "")
