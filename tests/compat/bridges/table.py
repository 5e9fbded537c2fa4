"""The table of docs/*/bridges.md: ``python -m tests.compat.bridges.table`` writes it between its markers."""

from importlib import import_module
from pathlib import Path

BRIDGES = ("alconna",)
