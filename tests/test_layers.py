"""Imports follow the layers: a module imports its own layer or a lower one, never a higher one."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "nonebot_adapter_feishu_ws"
LAYERS = [
    {"config", "exception", "callback", "codes", "diagnosis", "log", "sdk", "session", "socks", "strict_json"},
    {"message", "event", "card"},
    {"store"},
    {"transport", "api"},
    {
        "bot",
        "send_id",
        "stream",
        "sending",
        "answering",
        "rest_methods",
        "reactions",
        "permission",
        "rule",
        "matcher",
        "params",
        "media",
        "testing",
    },
    {
        "intake",
        "inbox",
        "hand_off",
        "dispatch",
        "registrar",
        "hooks",
        "mounting",
        "body_limit",
        "first_minutes",
        "store_apps",
        "backfill",
        "clients",
    },
    {"adapter", "startup", "duplicate"},
    {"management", "doctor", "sandbox", "compat", "parked"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS, start=1) for name in names}
STRANGERS = {("transport", "api"), ("api", "transport")}
# The composition root opens a door only when it is asked for, inside a function.
LAZY_DOORS = {("adapter", "sandbox"), ("adapter", "management"), ("adapter", "doctor")}
MODULES = sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """The parts of the package a module imports, and whether at its top level."""
    tree = ast.parse(path.read_text("utf-8"))
    type_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    top_level = {id(node) for node in tree.body}
    package = [PACKAGE.name, *path.relative_to(PACKAGE).parts[:-1]]
    found = []
    for node in ast.walk(tree):
        if id(node) in type_only:
            continue
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *(node.module or "").split(".")] if node.module else base
            targets = [[*module, alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        else:
            continue
        found += [(target[1], id(node) in top_level) for target in targets if target[0] == PACKAGE.name and target[1:]]
    return [(name, top) for name, top in found if name in LEVEL]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_layers(path: Path):
    name = part(path)
    if name == "__init__":
        return
    assert name in LEVEL, f"{name} has no layer: add it to LAYERS"
    for target, at_top in imports(path):
        if (name, target) in LAZY_DOORS and not at_top:
            continue
        assert LEVEL[target] <= LEVEL[name], f"{name} (layer {LEVEL[name]}) imports {target} (layer {LEVEL[target]})"
        assert (name, target) not in STRANGERS, f"{name} and {target} do not know each other"


def test_the_check_sees_a_breach(tmp_path: Path):
    module = PACKAGE / "message" / "nonexistent.py"
    source = tmp_path / "breach.py"
    source.write_text("from ..adapter import Adapter\n")

    class Elsewhere(type(module)):
        def read_text(self, *_args: object, **_kwargs: object) -> str:
            return source.read_text("utf-8")

    assert imports(Elsewhere(module)) == [("adapter", True)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_has_one_subject(path: Path):
    if "generated" in path.parts:
        return
    assert len(path.read_text("utf-8").splitlines()) <= 400
