"""Blocks for a shell: run by bash in a project folder beside the clone, with the tools of ``stubs.py`` on the path."""

import asyncio
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nonebot.log import logger

from tests.docs.bench import APP, TOKEN, Bench, frame, free_port
from tests.docs.blocks import ROOT, Block
from tests.docs.parking import park_one

STUBS = Path(__file__).with_name("stubs.py")
TOOLS = ("python", "python3", "pip", "uv", "docker", "npx", "curl")


def project(folder: Path) -> Path:
    """An empty project folder beside a clone."""
    (folder / "nonebot-adapter-feishu-ws").symlink_to(ROOT)
    (folder / "project").mkdir()
    return folder / "project"


def tools(folder: Path) -> Path:
    """A folder for the path of the shell."""
    made = folder / "bin"
    made.mkdir()
    for tool in TOOLS:
        script = made / tool
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STUBS}" {tool} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return made


@asynccontextmanager
async def shell(text: str, cwd: Path, path: Path, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Bash, which runs a text; its processes end with it."""
    search = f"{path}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    child = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", text),
        cwd=cwd,
        env={**os.environ, "PATH": search, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGTERM)
            await child.wait()


async def said_by(
    text: str, files: dict[str, str] | None = None, ends: int = 0, cwd: Path | None = None, **env: str
) -> str:
    """Run a text to its end in a new project folder, and return what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        home = cwd or project(Path(folder))
        for name, content in (files or {}).items():
            (home / name).parent.mkdir(exist_ok=True)
            (home / name).write_text(content, "utf-8")
        async with shell(text, home, tools(Path(folder)), **env) as child:
            assert child.stdout is not None
            said = (await child.stdout.read()).decode()
            assert await child.wait() == 0, f"exit code {child.returncode}:\n{said}"
            return said


async def until(text: str, words: str, cwd: Path | None = None, **env: str) -> str:
    """Run a text until it prints some words, then end it."""
    with tempfile.TemporaryDirectory() as folder:
        async with shell(text, cwd or project(Path(folder)), tools(Path(folder)), **env) as child:
            assert child.stdout is not None
            said = ""
            while words not in said:
                line = await asyncio.wait_for(child.stdout.readline(), 60)
                assert line, f"it ended without saying {words!r}:\n{said}"
                said += line.decode()
            return said


def ports(**others: str) -> str:
    """Ports of the docs, and those of the test in their places."""
    return json.dumps({name.lstrip("p"): port for name, port in others.items()})


@frame("install", aside=True)
async def _install(bench: Bench, block: Block) -> None:
    await said_by(block.text)


@frame("suite", aside=True)
async def _suite(bench: Bench, block: Block) -> None:
    """The suite's own command, with one file in place of all."""
    assert "tests collected" in await said_by(block.text, cwd=ROOT)


@frame("try-it", aside=True)
async def _try_it(bench: Bench, block: Block) -> None:
    """The clone's ``bot.py``, in a copy of what it needs."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("bot.py", ".env.example"):
            shutil.copy(ROOT / name, folder)
        shutil.copytree(ROOT / "examples", Path(folder, "examples"))
        env = {"FEISHU_SANDBOX_PORT": "0", "PORT": str(free_port())}
        await until(block.text, "long connection established", cwd=Path(folder), **env)


@frame("sandbox-command", aside=True)
async def _sandbox(bench: Bench, block: Block) -> None:
    """The sandbox in a process of its own; a line about pip stands before it."""
    home = tempfile.mkdtemp()
    moved = ports(p8790="0", p8791="0") if "--port" in block.text else "{}"
    text = block.text.replace("nonebot_adapter_feishu_ws.sandbox", "nonebot_adapter_feishu_ws.sandbox --port 0", 1)
    text = block.text if "--port" in block.text else text
    text = text.replace("--tls", "--tls --proxy-port 0")
    wanted = "HTTPS_PROXY=" if "--tls" in text else "FEISHU_BOTS="
    await until(text, wanted, DOCS_PORTS=moved, HOME=home, XDG_DATA_HOME=home)


@frame("doctor")
async def _doctor(bench: Bench, block: Block) -> None:
    env = f"FEISHU__APP_ID={APP}\nFEISHU__APP_SECRET=secret-of-the-blocks-0123\nFEISHU__DOMAIN={bench.sandbox.url}\n"
    said = await said_by(block.text, {".env": env})
    assert f"{APP}\n" in said, said


@frame("curl-routes")
async def _curl(bench: Bench, block: Block) -> None:
    """Every route of the block, on the bot itself."""
    text = block.text.replace("TOKEN=...", f"TOKEN={TOKEN}")
    said = await said_by(text, DOCS_PORTS=ports(p8080=str(bench.port)))
    assert said.count('"botId"') >= 4, said
    assert "feishu_bot_connected" in said


@frame("curl-sandbox")
async def _curl_sandbox(bench: Bench, block: Block) -> None:
    """The control API of the sandbox, in a chat of somebody called You."""
    you = bench.user("You")
    chat = bench.do(bench.sandbox.p2p, you, APP)
    text = block.text.replace("APP_ID", APP).replace("oc_...", chat.chat_id)
    port = bench.sandbox.url.rpartition(":")[2]
    said = await said_by(text, {"cat.png": "no picture"}, DOCS_PORTS=ports(p8790=port))
    bench.do(bench.sandbox.clear_faults)
    assert '"error"' not in said


@frame("parked", aside=True)
async def _parked(bench: Bench, block: Block) -> None:
    """Each command, on a store that holds the event that the block names."""
    key = f"{APP}:event:f7984f25"
    with tempfile.TemporaryDirectory() as folder:
        logger.disable("nonebot_adapter_feishu_ws")
        await park_one(Path(folder, "s.db"), key)
        logger.enable("nonebot_adapter_feishu_ws")
        for line in block.text.replace("f7984f25...", "f7984f25").splitlines():
            home = Path(folder, line.split()[3])
            (home / "data").mkdir(parents=True)
            shutil.copy(Path(folder, "s.db"), home / "data" / "feishu_ws.sqlite3")
            said = await said_by(line, cwd=home)
            assert key in said, said


@frame("jq", aside=True)
async def _jq(bench: Bench, block: Block) -> None:
    """The filter, on a line as the sink of the block above writes it."""
    line = json.dumps({"text": "the line", "record": {"extra": {"message_id": "om_..."}}})
    with tempfile.TemporaryDirectory() as folder:
        home = project(Path(folder))
        (home / "logs").mkdir()
        (home / "logs" / "bot.jsonl").write_text(f"{line}\n")
        assert "the line" in await said_by(block.text, cwd=home)


@frame("larkpy", aside=True)
async def _larkpy(bench: Bench, block: Block) -> None:
    text = block.text.replace("<sandbox-ca.pem>", "ca.pem")
    assert await said_by(text, {"your_program.py": "import os; print(os.environ['HTTPS_PROXY'])"})
