"""Writes the typed REST methods: ``api/registry.py``, ``api/types.py``, ``api/methods/`` and ``api/models/``.

    python scripts/generate_api.py [--output FOLDER]

``scripts/api/endpoints.jsonl`` has the facts of Feishu's documents: parameters, lengths, values, scopes, rates.
``scripts/api/methods.toml`` and ``scripts/api/models.toml`` are written by hand: which endpoints there are, their
Python names, and what each argument and field means. ``api/models/base.py`` is written by hand and left alone.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from feishu_documents import (
    Endpoint,
    Parameter,
    argument_type,
    choice,
    indent,
    literal,
    result_type,
    with_facts,
    with_values,
    wrap,
)

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nonebot_adapter_feishu_ws" / "api"
DATA = Path(__file__).with_name("api")


# Methods


class Method:
    """One typed method: what is written by hand, and its endpoint."""

    def __init__(self, name: str, spec: Mapping[str, Any], endpoint: Endpoint, aliases: Iterable[str]) -> None:
        self.name = name
        self.spec = spec
        self.endpoint = endpoint
        self.parameters = list(self._parameters(set(aliases)))
        self.returns: str | None = spec.get("returns")
        self.pages_of: str | None = spec.get("pages_of")
        self.at: list[str] = spec.get("at", ["data"])

    def _parameters(self, aliases: set[str]) -> Iterator[Parameter]:
        for name, given in self.spec.get("parameters", {}).items():
            own = {"text": given} if isinstance(given, str) else given
            yield self._parameter(name, own, self.endpoint.parameters.get(name, {}), aliases)
        if "items" in self.spec:
            items, size = self.spec["items"], self.endpoint.parameters["page_size"]
            text = with_facts(self.spec.get("page_size", f"{items} per call"), size, "int")
            yield Parameter("page_size", text, "int", None, keyword_only=True)
            yield Parameter("limit", f"{items} altogether; all when not given", "int", None, keyword_only=True)
        if "progress" in self.spec:
            text = f"called with the bytes {self.spec['progress']} and the bytes altogether (None: not known), after "
            yield Parameter("progress", f"{text}each piece", "Progress", None, keyword_only=True)

    def _parameter(self, name: str, own: Mapping[str, Any], facts: Mapping[str, Any], aliases: set[str]) -> Parameter:
        required = own.get("required", name in self.endpoint.in_path or facts.get("required", False))
        default = own.get("default", ... if required else None)
        kind = own.get("type") or (choice(facts) if own.get("literal") else argument_type(facts))
        keyword_only = default is not ... and not own.get("positional", False)
        text = own["text"].removesuffix(".")
        shown = kind in aliases or kind.startswith("Literal")
        return Parameter(name, with_facts(text, facts, kind, shown=shown), kind, default, keyword_only=keyword_only)

    @property
    def result(self) -> str:
        """The return annotation."""
        return f"Paged[{self.pages_of}]" if self.pages_of else self.returns or "None"

    def description(self) -> str:
        """The entry of the table: how the call becomes a REST request."""
        names = [each.name for each in self.parameters if not (self.pages_of and each.name == "limit")]
        names += ["page_token"] if self.pages_of else []
        spec, verb = self.spec, self.endpoint.verb
        parts: dict[str, Any] = {
            "required": tuple(each.name for each in self.parameters if each.required),
            "query": () if verb == "GET" else tuple(name for name in names if name in self.endpoint.in_query),
            "files": tuple(each.name for each in self.parameters if each.type == "Uploadable"),
            "dumped": tuple(spec.get("dumped", ())),
            "nested": spec.get("nested", {}),
            "defaults": {each.name: each.default for each in self.parameters if each.default not in (..., None)},
            "uuid": spec.get("uuid", False),
        }
        given = "".join(f", {key}={literal(value)}" for key, value in parts.items() if value)
        return f'"{self.name}": Method("{verb}", "{self.endpoint.path}", {literal(tuple(names))}{given}),'

    def source(self) -> str:
        """The method's code."""
        positional = [each.code for each in self.parameters if not each.keyword_only]
        named = [each.code for each in self.parameters if each.keyword_only]
        arguments = ", ".join(["self", *positional, *(["*", *named] if named else [])])
        prefix = "def" if self.pages_of else "async def"
        head = f"    {prefix} {self.name}({arguments}) -> {self.result}:\n"
        return head + self._docstring() + "        " + self._body() + "\n"

    def _docstring(self) -> str:
        summary = self.spec["summary"].replace("{title}", self.endpoint.facts["title"])
        lines = wrap(f'"""{summary}', 8)
        if self.parameters:
            lines += ["", "        Args:"]
            for each in self.parameters:
                lines += wrap(f"{each.name}: {each.text}.", 12, hanging=4)
        if "answer" in self.spec:
            lines += ["", "        Returns:", *wrap(self.spec["answer"], 12)]
        lines.append("")
        for note in self.endpoint.notes(self.spec):
            lines += [f"        {note}"] if note.startswith("Document") else wrap(note, 8)
        if "raises" in self.spec:
            lines += ["", "        Raises:"]
            for each in self.spec["raises"]:
                lines += wrap(each, 12, hanging=4)
        return "\n".join([*lines, '        """\n'])

    def _body(self) -> str:
        limit = ", limit=limit" if self.pages_of else ""
        given = "".join(f", {each.name}={each.name}" for each in self.parameters if each.name != "limit")
        if self.pages_of:
            return f'return self._list("{self.name}", {self.pages_of}{limit}{given})'
        call = f'await self._call("{self.name}"{given})'
        if self.returns in (None, "bytes"):
            return f"return {call}" if self.returns else call
        return f"return read({self.returns}, {call}, {', '.join(map(literal, self.at))})"


class Group:
    """One group of methods: one class, one module."""

    def __init__(
        self, name: str, spec: Mapping[str, Any], endpoints: Mapping[str, Endpoint], aliases: set[str]
    ) -> None:
        self.name = name
        self.spec = spec
        self.cls: str = spec["class"]
        self.methods = [
            Method(key, value, endpoints[value["endpoint"]], aliases)
            for key, value in spec.items()
            if isinstance(value, dict) and "endpoint" in value
        ]

    def source(self, homes: Mapping[str, str], aliases: Iterable[str]) -> str:
        """The module's code, not yet formatted.

        Args:
            homes: name of a result's class -> its module.
            aliases: the names in ``api/types.py``.
        """
        table = "\n".join(method.description() for method in self.methods)
        methods = "\n".join(method.source() for method in self.methods)
        code = (
            f"METHODS: Final[Mapping[str, Method]] = {{\n{table}\n}}\n\n\n"
            f'class {self.cls}(Group):\n    """{indent(self.spec["summary"])}"""\n\n'
            f'    group = "{self.name}"\n    methods: ClassVar[Mapping[str, Method]] = METHODS\n\n{methods}'
        )
        imports = [
            _from("collections.abc", [*_used(code, ("Mapping", "Sequence"))]),
            _from("typing", _used(code, ("Any", "ClassVar", "Final", "Literal"))),
            "",
            _from("..group", ["Group", "Method", *_used(code, ("read",))]),
        ]
        for module in sorted(set(homes.values())):
            imports.append(_from(f"..models.{module}", _used(code, [k for k, v in homes.items() if v == module])))
        imports.append(_from("..paging", _used(code, ("Paged",))))
        imports.append(_from("..types", _used(code, aliases)))
        imports.append(_from("..upload", _used(code, ("Progress", "Uploadable"))))
        lines = [line for line in imports if line is not None]
        return f"{_header(self.spec['module'])}\n" + "\n".join(lines) + f"\n\n{code}"


# Results


class Model:
    """One class of results."""

    def __init__(self, name: str, module: str, spec: Mapping[str, Any]) -> None:
        self.name = name
        self.module = module
        self.summary: str = spec["summary"]
        self.fields: dict[str, Any] = {key: value for key, value in spec.items() if key != "summary"}
        self.places: list[tuple[Endpoint, str]] = []

    def found_in(self, endpoint: Endpoint, place: str, models: Mapping[str, Model]) -> None:
        """Note where an answer has it, and so where its parts are."""
        if (endpoint, place) in self.places:
            return
        self.places.append((endpoint, place))
        for name, field in self.fields.items():
            inner = re.fullmatch(r"(list\[)?(\w+)\]?", field["type"]) if isinstance(field, dict) else None
            if inner is not None and inner[2] in models:
                models[inner[2]].found_in(endpoint, f"{place}.{name}{'[]' if inner[1] else ''}", models)

    def source(self) -> str:
        """The class's code."""
        lines, fields = [f'class {self.name}(Result):\n    """{self.summary}\n\n    Attributes:'], []
        for name, given in self.fields.items():
            own = {"text": given} if isinstance(given, str) else given
            facts = self._facts(name)
            kind = own.get("type") or result_type(facts)
            if kind is None:
                raise ValueError(f"{self.name}.{name}: no document says its type")
            lines += wrap(f"{name}: {with_values(own['text'], facts)}", 8, hanging=4)
            fields.append(_field(name, kind))
        return "\n".join([*lines, '    """\n', *fields]) + "\n"

    def _facts(self, name: str) -> dict[str, Any]:
        found = (endpoint.response.get(f"{place}.{name}") for endpoint, place in self.places)
        known = [each for each in found if each is not None]
        return next((each for each in known if each.get("values")), known[0] if known else {})


def _field(name: str, kind: str) -> str:
    if kind in ("str", "int", "bool"):
        return f"    {name}: {kind} | None = None"
    return f"    {name}: {kind} = Field(default_factory={kind})"


def _used(code: str, names: Iterable[str]) -> list[str]:
    bare = re.sub(r'""".*?"""|"[^"\n]*"', "", code, flags=re.DOTALL)
    return [name for name in names if re.search(rf"\b{name}\b", bare)]


def _from(module: str, names: list[str]) -> str | None:
    return f"from {module} import {', '.join(sorted(names))}" if names else None


def _header(words: str) -> str:
    origin = "Generated by scripts/generate_api.py from scripts/api/; not edited by hand."
    return f'"""{words.strip()}\n\n{origin}\n"""\n'


# Modules


CALLER = '''
class ApiCaller(Protocol):
    """Something with ``call_api``: a bot."""

    async def call_api(self, api: str, **data: Any) -> Any:
        """Call a method by its name (``im.create_message``) or REST path."""
        ...
'''
FINDERS = '''

def find_group(name: str) -> type[Group]:
    """Import a group by its name, such as ``im``."""
    return getattr(import_module(f".methods.{name}", __package__), _CLASSES[name])


def find_method(api: str) -> Method | None:
    """A typed method by its name, such as ``im.create_message``; None for what is no such name: a REST path."""
    group, _, name = api.partition(".")
    return find_group(group).methods.get(name) if group in _CLASSES else None


def all_methods() -> Mapping[str, Method]:
    """Every typed method by its name. Imports all groups."""
    groups = map(find_group, _CLASSES)
    return {f"{group.group}.{name}": method for group in groups for name, method in group.methods.items()}


'''


def _registry(groups: list[Group]) -> str:
    code = "if TYPE_CHECKING:\n    from .group import Group, Method\n"
    code += "".join(f"    from .methods.{group.name} import {group.cls}\n" for group in groups)
    code += "    from .types import ApiCaller\n"
    code += f"\n_CLASSES: Final = {literal({group.name: group.cls for group in groups})}\n"
    code += '"""Group -> its class, in the module of that name below ``methods/``."""\n'
    former = {group.spec["former"]: group.name for group in groups if "former" in group.spec}
    code += f"RENAMED_GROUPS: Final[Mapping[str, str]] = {literal(former)}\n"
    code += '"""Former name of a group -> its name."""\n' + FINDERS
    code += 'class TypedApi:\n    """Feishu\'s API as typed methods, in groups. A mix-in of :class:`Bot`."""\n\n'
    for group in groups:
        code += (
            f"    @property\n    def {group.name}(self: ApiCaller) -> {group.cls}:\n"
            f'        """{group.spec["property"]}"""\n'
            f"        from .methods.{group.name} import {group.cls}\n\n        return {group.cls}(self)\n\n"
        )
    for old, new in former.items():
        code += (
            f'    @property\n    def {old}(self) -> NoReturn:\n        """The former name of :attr:`{new}`.\n\n'
            "        Raises:\n            ApiNotAvailable: always; the text has the new name.\n"
            f'        """\n        raise ApiNotAvailable("bot.{old} has a new name: use bot.{new}")\n\n'
        )
    imports = [
        "from __future__ import annotations\n",
        "from collections.abc import Mapping",
        "from importlib import import_module",
        "from typing import TYPE_CHECKING, Final, NoReturn\n",
        "from ..exception import ApiNotAvailable\n",
    ]
    title = "All groups of typed methods, and the mix-in of the bot. A group is imported when it is first used."
    return "\n".join([_header(title), *imports, code])


def _models(models: Mapping[str, Model], words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for module, text in words.items():
        code = "\n\n".join(model.source() for model in models.values() if model.module == module)
        imports = ["from typing import Any\n"] if "Any]" in code else []
        imports += ["from pydantic import Field\n"] if "Field(" in code else []
        yield f"models/{module}.py", "\n".join([_header(text), *imports, f"from .base import Result\n\n\n{code}"])
    lines = [_header("Results of typed methods: pydantic models that are also the raw dict; see :class:`Result`.")]
    homes = {"Result": "base"} | {name: model.module for name, model in models.items()}
    for module in sorted(set(homes.values())):
        lines.append(f"from .{module} import {', '.join(sorted(name for name in homes if homes[name] == module))}")
    lines.append(f"\n__all__ = [{', '.join(map(literal, sorted(homes)))}]\n")
    yield "models/__init__.py", "\n".join(lines)


def generate() -> Iterator[tuple[str, str]]:
    """Path below ``api/`` and code of every module."""
    rows = (DATA / "endpoints.jsonl").read_text("utf-8").splitlines()
    endpoints = {each.key: each for each in map(Endpoint, map(json.loads, rows))}
    specs = tomllib.loads((DATA / "methods.toml").read_text("utf-8"))
    types = {alias: value for spec in specs.values() for alias, value in spec.get("types", {}).items()}
    groups = [Group(name, spec, endpoints, set(types)) for name, spec in specs.items()]
    words: dict[str, str] = {}
    models: dict[str, Model] = {}
    for module, classes in tomllib.loads((DATA / "models.toml").read_text("utf-8")).items():
        words[module] = classes.pop("module")
        models |= {name: Model(name, module, spec) for name, spec in classes.items()}
    for method in (method for group in groups for method in group.methods):
        if method.pages_of:
            models[method.pages_of].found_in(method.endpoint, "data.items[]", models)
        elif method.returns in models:
            models[method.returns].found_in(method.endpoint, ".".join(method.at), models)
    homes = {name: model.module for name, model in models.items()}
    yield "registry.py", _registry(groups)
    imports = ["from collections.abc import Mapping, Sequence", "from typing import Any, Literal, Protocol\n"]
    rows = [f"{name} = {value}" for name, value in types.items()]
    yield (
        "types.py",
        "\n".join(
            [_header("Types of the arguments of typed methods, and of what calls them."), *imports, *rows, CALLER]
        ),
    )
    yield "methods/__init__.py", _header("The typed REST methods, by resource.")
    for group in groups:
        yield f"methods/{group.name}.py", group.source(homes, types)
    yield from _models(models, words)


def main() -> None:
    """Write the modules, formatted; what is no longer generated goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=PACKAGE, help="the folder to write to")
    output: Path = parser.parse_args().output
    modules = dict(generate())
    for folder in ("methods", "models"):
        (output / folder).mkdir(parents=True, exist_ok=True)
        for old in (output / folder).glob("*.py"):
            if f"{folder}/{old.name}" not in modules and old.name != "base.py":
                old.unlink()
    for name, code in modules.items():
        (output / name).write_text(code, "utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--config", str(ROOT / "pyproject.toml")]
    paths = [str(output / name) for name in modules]
    subprocess.run([*ruff, "check", "-q", "--fix", "--select", "I", *config, *paths], check=True)
    subprocess.run([*ruff, "format", "-q", *config, *paths], check=True)
    print(f"{len(modules)} modules written to {output}")


if __name__ == "__main__":
    main()
