"""Stands for ``python``, ``pip``, ``uv``, ``docker``, ``npx`` and ``curl`` where a block of the docs runs in a shell.

Installers check what they are asked for and install nothing; the others run, on ports of the test's own.
"""

import itertools
import json
import os
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = set(PROJECT["project"]["optional-dependencies"])
NAME = "nonebot-adapter-feishu-ws"


def refuse(text: str) -> None:
    """End with a sentence."""
    sys.exit(f"this command cannot work: {text}")


def check_requirement(text: str) -> None:
    """A folder or wheel of this package with extras that it has, or a distribution that is installed here."""
    found = re.fullmatch(r"([^\[\]=<>~]+)(?:\[([\w,-]+)\])?(?:[=<>~].*)?", text)
    if found is None:
        refuse(f"{text} is no requirement")
        return
    name, extras = found[1], (found[2] or "").split(",") if found[2] else []
    if "/" in name or name == ".":
        if not (Path(name) / "pyproject.toml").is_file() and not name.endswith(".whl"):
            refuse(f"{name} is no folder of a package, seen from {Path.cwd()}")
        if missing := set(extras) - EXTRAS:
            refuse(f"there are no extras {sorted(missing)}")
    elif name == NAME:  # pip takes the one that is installed, and adds what its extras name
        if not extras:
            refuse(f"{name} is not on the index: install it from the clone")
        if missing := set(extras) - EXTRAS:
            refuse(f"there are no extras {sorted(missing)}")
    elif name != "uv":
        try:
            distribution(name)
        except PackageNotFoundError:
            refuse(f"{name} is not installed here, and nobody has tried it")


def pip(arguments: list[str]) -> None:
    """``pip install``, ``pip uninstall`` and ``pip wheel``."""
    verb, *rest = arguments
    if verb not in ("install", "uninstall", "wheel", "download"):
        refuse(f"pip {verb}")
    words = iter(rest)
    for word in words:
        if word in ("-w", "-d"):
            next(words)
        elif not word.startswith("-") and verb != "uninstall":
            check_requirement(word)


def uv(arguments: list[str]) -> None:
    """``uv run``: with the groups that the project has."""
    verb, *rest = arguments
    if verb != "run":
        refuse(f"uv {verb}")
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--group" and rest.pop(0) not in PROJECT["dependency-groups"]:
            refuse("there is no such group")
    if rest[0] == "pytest":  # the suite within the suite would never end
        rest = ["-m", "pytest", "--collect-only", "-q", "tests/test_layers.py", *rest[1:]]
    python(rest)


def docker(arguments: list[str]) -> None:
    """``docker run`` and the like: what it hands to the bot must be keys of the bot."""
    if arguments[0] not in ("run", "build", "compose"):
        refuse(f"docker {arguments[0]}")
    for key, value in itertools.pairwise(arguments):
        if key == "-e" and not re.match(r"(FEISHU__?[A-Z_]+|HOST|PORT|LOG_LEVEL|DRIVER)=", value):
            refuse(f"{value} is no setting")


def npx(arguments: list[str]) -> None:
    """``npx``: a package in the version that ``scripts/client_table.py`` runs."""
    if arguments[0] not in (ROOT / "scripts" / "client_table.py").read_text("utf-8"):
        refuse(f"{arguments[0]} is not what scripts/client_table.py runs")


def moved(word: str) -> str:
    """A word of a command with ports of the test's own."""
    for port, other in json.loads(os.environ.get("DOCS_PORTS", "{}")).items():
        word = re.sub(rf"(?<!\d){port}(?!\d)", other, word)
    return word


def python(arguments: list[str]) -> None:
    """The interpreter of the tests."""
    if arguments[:2] == ["-m", "pip"]:
        return pip(arguments[2:])
    if arguments[:2] == ["-m", "uv"]:
        return uv(arguments[2:])
    if arguments[:2] == ["-m", "venv"]:
        Path(arguments[2], "bin").mkdir(parents=True, exist_ok=True)
        Path(arguments[2], "bin", "activate").touch()
        return None
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *map(moved, arguments)])


def curl(arguments: list[str]) -> None:
    """The real one; an answer that is no success is a failure."""
    os.execv("/usr/bin/curl", ["curl", "-sS", "--fail-with-body", *map(moved, arguments)])


if __name__ == "__main__":
    tool = sys.argv[1]
    {"python": python, "python3": python, "pip": pip, "uv": uv, "docker": docker, "npx": npx, "curl": curl}[tool](
        sys.argv[2:]
    )
