"""A Griffe extension for the API pages: Sphinx roles in docstrings (``:class:`.Sandbox```) become links."""

import re
from functools import partial
from typing import Any

from griffe import Alias, Docstring, Extension, Module, Object

ROLE = re.compile(r":(?:class|func|meth|attr|exc|mod|data|obj):`(?P<short>~?)\.?~?\.?(?P<name>[\w.]+)`")
PACKAGE = "nonebot_adapter_feishu_ws"


class RolesToLinks(Extension):
    """Replaces the roles once the whole package is known."""

    def on_package(self, *, pkg: Module, **kwargs: Any) -> None:
        """Look up every role of every docstring."""
        if pkg.name != PACKAGE:
            return
        places: dict[str, list[str]] = {}
        documented: list[tuple[Object, Docstring]] = []
        stack: list[Object] = [pkg]
        while stack:
            found = stack.pop()
            for ending in endings(found.path):
                places.setdefault(ending, []).append(found.path)
            if found.docstring is not None:
                documented.append((found, found.docstring))
            stack += [each for each in found.members.values() if not isinstance(each, Alias)]
        for where, docstring in documented:
            docstring.value = ROLE.sub(partial(link, where=where, places=places), docstring.value)


def endings(path: str) -> list[str]:
    """``a.b.C`` -> ``C``, ``b.C``, ``a.b.C``."""
    parts = path.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def link(role: re.Match[str], where: Object, places: dict[str, list[str]]) -> str:
    """A role as a link to what it names: the nearest, if several have that name."""
    name = role["name"]
    text = name.rpartition(".")[2] if role["short"] else name
    found = places.get(name, [])
    scope = where.path if where.is_class else where.path.rpartition(".")[0]
    near = [path for path in found if path == f"{scope}.{name}"] or [path for path in found if not is_private(path)]
    if not near:
        return f"`{text}`"
    return f'<autoref optional identifier="{min(near, key=len)}"><code>{text}</code></autoref>'


def is_private(path: str) -> bool:
    """Whether a part of the path begins with an underscore."""
    return any(part.startswith("_") for part in path.split("."))
