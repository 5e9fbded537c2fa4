"""Blocks that no interpreter runs, each read by what reads it in a project: NoneBot, nb-cli, YAML, systemd."""

import asyncio
import configparser
import json
import os
import re
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from dotenv import dotenv_values
from nb_cli.config import ConfigManager, NoneBotConfig

from nonebot_adapter_feishu_ws.config import read_files
from nonebot_adapter_feishu_ws.sandbox.state import ALL_SCOPES
from tests.docs.bench import APP, TOKEN, Bench, frame
from tests.docs.blocks import ROOT, Block


async def dotenv(bench: Bench, block: Block) -> None:
    """A ``.env`` that NoneBot and the adapter read without an error or a warning, once its dots are filled in."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, ".env")
        filled = block.text.replace("cli_...", APP).replace("...", "filled-in-by-the-reader")
        file.write_text(filled, "utf-8")
        assert all(dotenv_values(file).values()), "a value is lost: look at its quotes"
        _, warnings = await asyncio.to_thread(read_files, str(file))
    assert not warnings, warnings


async def as_json(bench: Bench, block: Block) -> None:
    """JSON, or a few members of an object."""
    text = block.text.strip()
    json.loads(text if text.startswith(("{", "[")) else "{" + text.rstrip(",") + "}")


async def as_yaml(bench: Bench, block: Block) -> None:
    """A mapping of YAML."""
    assert isinstance(yaml.safe_load(block.text), dict)


async def toml(bench: Bench, block: Block) -> None:
    """A project file that nb-cli reads, and not as a legacy one."""
    data = tomllib.loads(block.text)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(block.text, "utf-8")
        config = ConfigManager(working_dir=Path(folder)).get_nonebot_config()
    assert isinstance(config, NoneBotConfig), "nb-cli calls this form legacy"
    assert [each.module_name for each in config.get_adapters()] == ["nonebot_adapter_feishu_ws"], data


async def systemd(bench: Bench, block: Block) -> None:
    """A unit: systemd's own check where it is there."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(block.text)
    assert {"Unit", "Service", "Install"} <= {*unit.sections()}
    assert unit["Service"]["ExecStart"].endswith("python bot.py")


async def node(bench: Bench, block: Block) -> None:
    """JavaScript that Node parses; without Node its brackets are counted."""
    tool = shutil.which("node")
    if tool is None:
        assert all(block.text.count(a) == block.text.count(b) for a, b in ("()", "{}", "[]"))
        return
    child = await asyncio.create_subprocess_exec(tool, "--check", "-", stdin=-1, stdout=-1, stderr=-1)
    _, said = await child.communicate(block.text.encode())
    assert child.returncode == 0, said.decode()


async def go(bench: Bench, block: Block) -> None:
    """Go has no place in this suite: only its brackets are counted."""
    assert all(block.text.count(a) == block.text.count(b) for a, b in ("()", "{}", '""'))


BY_KIND: dict[str, Any] = {
    "dotenv": dotenv,
    "json": as_json,
    "yaml": as_yaml,
    "toml": toml,
    "js": node,
    "go": go,
}


@frame("systemd")
async def _unit(bench: Bench, block: Block) -> None:
    await systemd(bench, block)


@frame("dockerfile")
async def _dockerfile(bench: Bench, block: Block) -> None:
    """It is that of the example (``tests/test_packaging.py`` looks at it); its health check finds this bot healthy."""
    assert block.text == (ROOT / "examples" / "docker" / "Dockerfile").read_text("utf-8")
    [check] = re.findall(r"HEALTHCHECK .*CMD (\[.*\])", block.text)
    command = [sys.executable, *json.loads(check)[1:]]
    child = await asyncio.create_subprocess_exec(*command, env={**os.environ, "PORT": str(bench.port)})
    assert await child.wait() == 0


@frame("scopes")
async def _scopes(bench: Bench, block: Block) -> None:
    named = json.loads(block.text)["scopes"]["tenant"]
    assert {*named} <= {*ALL_SCOPES}, {*named} - {*ALL_SCOPES}


async def answer(bench: Bench, path: str) -> dict[str, Any]:
    """What a control route of the bot answers."""
    url = f"http://127.0.0.1:{bench.port}/feishu/{path}"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers={"Authorization": f"Bearer {TOKEN}"}) as got,
    ):
        return await got.json()


@frame("status-json")
async def _status(bench: Bench, block: Block) -> None:
    assert json.loads(block.text).keys() == (await answer(bench, f"bots/{APP}/ws/status")).keys()


@frame("store-json")
async def _store(bench: Bench, block: Block) -> None:
    assert json.loads(block.text).keys() == (await answer(bench, "ws/status"))["store"].keys()
