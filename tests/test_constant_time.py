"""Secrets are compared in constant time: no ``==``, ``in`` or dictionary takes its place where they are checked."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "nonebot_adapter_feishu_ws"
CHECKED = [
    PACKAGE / "server" / "webhook.py",
    PACKAGE / "server" / "signature.py",
    PACKAGE / "management" / "access.py",
    PACKAGE / "management" / "routes.py",
]
SECRET = re.compile(r"(token|secret|signature|digest|password|encrypt_key|presented|expected|authorization)s?$")
COMPARES = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)


def is_secret(node: ast.expr) -> bool:
    """Whether an expression is named like a secret, or is got from one."""
    if isinstance(node, ast.Name):
        return bool(SECRET.search(node.id))
    if isinstance(node, ast.Attribute):
        return bool(SECRET.search(node.attr)) or is_secret(node.value)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "len":
            return False  # how long a signature is, everybody knows
        return is_secret(node.func) or any(is_secret(argument) for argument in node.args)
    return isinstance(node, ast.Subscript) and is_secret(node.value)


def compared(source: str) -> list[str]:
    """The comparisons of something secret, as they stand in the source."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, COMPARES) for operator in node.ops)
        and any(is_secret(side) for side in (node.left, *node.comparators))
    ]


@pytest.mark.parametrize("path", CHECKED, ids=lambda path: path.name)
def test_no_secret_is_compared_with_an_operator(path: Path):
    assert compared(path.read_text("utf-8")) == []


@pytest.mark.parametrize("name", ["signature.py", "access.py"])
def test_the_comparisons_are_there(name: str):
    [path] = [path for path in CHECKED if path.name == name]
    assert "hmac.compare_digest(" in path.read_text("utf-8")


@pytest.mark.parametrize(
    "source",
    [
        "received == expected",
        "signature != sign(timestamp, nonce, encrypt_key, body)",
        "token in self._tokens",
        "secrets.verification_token.get_secret_value() == received",
        "digest == known[0]",
    ],
)
def test_the_check_sees_a_breach(source: str):
    assert compared(source) == [source]
