"""Echo on every driver, and under ``nb run`` with and without ``bot.py``: real processes."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import APP, SECRET

ROOT = Path(__file__).parent.parent.parent
BOT = """
import nonebot
nonebot.init(_env_file=".env")
from nonebot_adapter_feishu_ws import Adapter
nonebot.get_driver().register_adapter(Adapter)
nonebot.load_builtin_plugins("echo")
nonebot.run()
"""
PROJECT = """
[project]
name = "a-users-bot"
version = "0"
[tool.nonebot]
adapters = [{ name = "Feishu", module_name = "nonebot_adapter_feishu_ws" }]
plugins = []
plugin_dirs = []
builtin_plugins = ["echo"]
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def env_file(url: str, driver: str) -> str:
    bots = json.dumps([{"app_id": APP, "app_secret": SECRET, "domain": url}])
    command_start = '["/", ""]'
    return f"DRIVER={driver}\nPORT={free_port()}\nCOMMAND_START={command_start}\nFEISHU_BOTS='{bots}'\n"


@asynccontextmanager
async def running(*command: str, cwd: Path, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    child = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(child.wait(), 30)
            except TimeoutError:
                os.killpg(child.pid, signal.SIGKILL)
        output = await child.stdout.read() if child.stdout else b""
        print(output.decode(errors="replace"))


async def echoes(sandbox) -> None:
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    await sandbox.wait_connected(APP, timeout=120)  # the SDK alone imports for 15 s on a slow machine
    await sandbox.say(user, chat, "/echo hello")
    [answer] = await sandbox.wait_message(chat)
    assert answer.content == '{"text": "hello"}'


@pytest.mark.parametrize("driver", ["~none", "~fastapi", "~quart", "~fastapi+~httpx+~websockets", "~aiohttp"])
async def test_echo_on_every_driver(sandbox, tmp_path, driver):
    (tmp_path / "bot.py").write_text(BOT)
    (tmp_path / ".env").write_text(env_file(sandbox.url, driver))
    async with running(sys.executable, "bot.py", cwd=tmp_path) as child:
        await echoes(sandbox)
        child.send_signal(signal.SIGTERM)
        # uvicorn ends by the signal itself once everything is shut down
        assert await asyncio.wait_for(child.wait(), 30) in (0, -signal.SIGTERM)
    assert sandbox.gateway.connections[APP] == []


@pytest.mark.parametrize("driver", ["~fastapi", "~quart"])
async def test_the_webhook_on_every_asgi_driver(sandbox, tmp_path, driver):
    """Regression: NoneBot's Quart driver passes a path's parameters to a view that takes none, so it answered 500."""
    port = free_port()
    bot = {"app_id": APP, "app_secret": SECRET, "domain": sandbox.url, "use_websocket": False, "encrypt_key": "k"}
    (tmp_path / "bot.py").write_text(BOT)
    env = f'DRIVER={driver}\nPORT={port}\nCOMMAND_START=["/"]\n'
    (tmp_path / ".env").write_text(f"{env}FEISHU_BOTS='{json.dumps([bot])}'\n")
    app = sandbox.world.apps[APP]
    app.encrypt_key, app.webhook_url = "k", f"http://127.0.0.1:{port}/feishu/{APP}"
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with running(sys.executable, "bot.py", cwd=tmp_path), aiohttp.ClientSession() as session:
        await wait_until_healthy(session, port)
        await sandbox.say(user, chat, "/echo by webhook")
        [answer] = await sandbox.wait_message(chat)
    assert answer.content == '{"text": "by webhook"}'


async def wait_until_healthy(session: aiohttp.ClientSession, port: int) -> None:
    for _ in range(400):
        try:
            async with session.get(f"http://127.0.0.1:{port}/feishu/healthz") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("the bot did not become healthy")


async def test_nb_run_with_bot_py(sandbox, tmp_path):
    (tmp_path / "bot.py").write_text(BOT)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / ".env").write_text(env_file(sandbox.url, "~fastapi"))
    async with running("nb", "run", cwd=tmp_path):
        await echoes(sandbox)


async def test_nb_run_with_the_project_file_alone(sandbox, tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / ".env").write_text(env_file(sandbox.url, "~fastapi"))
    async with running("nb", "run", cwd=tmp_path):
        await echoes(sandbox)


async def test_environment_variables_alone_configure_a_bot(sandbox, tmp_path):
    """A container has no .env: NoneBot itself reads only variables that its .env file names too."""
    (tmp_path / "bot.py").write_text(BOT)
    env = {"DRIVER": "~none", "FEISHU__APP_ID": APP, "FEISHU__APP_SECRET": SECRET, "FEISHU_API_BASE": sandbox.url}
    async with running(sys.executable, "bot.py", cwd=tmp_path, **env, COMMAND_START='["/"]'):
        await echoes(sandbox)


async def test_the_shipped_bot_runs_with_the_shipped_example(tmp_path):
    """The first README command: no .env, the sandbox, one line with the address of its page."""
    for name in ("bot.py", ".env.example"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    port = free_port()
    env = {"FEISHU_SANDBOX_PORT": str(port), "PORT": str(free_port())}
    async with running(sys.executable, "bot.py", cwd=tmp_path, **env) as child:
        assert child.stdout is not None
        seen = b""
        while b"Sandbox page" not in seen:
            seen = await asyncio.wait_for(child.stdout.readline(), 30)
            assert seen, "the bot ended before it named its page"
        assert f"http://127.0.0.1:{port}/".encode() in seen


async def test_a_taken_sandbox_port_is_explained_without_a_traceback(tmp_path):
    (tmp_path / "bot.py").write_text(BOT)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / ".env").write_text(f"DRIVER=~none\nFEISHU_SANDBOX=true\nFEISHU_SANDBOX_PORT={port}\n")
        async with running(sys.executable, "bot.py", cwd=tmp_path) as child:
            assert child.stdout is not None
            lines: list[bytes] = []
            while not lines or b"startup completed" not in lines[-1]:
                lines.append(await asyncio.wait_for(child.stdout.readline(), 30))
    text = b"".join(lines).decode()
    assert "FEISHU_SANDBOX_PORT" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("bots", "says"),
    [
        ('\'[{"app_id": "cli_x", "app_secrt": "hunter2"}]\'', "did you mean"),
        ('\'[{"app_id": "cli_x", "app_secret": "hunter2",}]\'', "comma"),
        ("[{app_id: cli_x, app_secret: hunter2}]", "single quotes"),
    ],
)
async def test_a_typo_in_env_gives_a_clear_error_and_no_traceback(tmp_path, bots, says):
    (tmp_path / "bot.py").write_text(BOT)
    (tmp_path / ".env").write_text(f"DRIVER=~none\nFEISHU_BOTS={bots}\n")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "bot.py"), cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(child.communicate(), 60)
    text = output.decode()
    assert child.returncode == 1
    assert "FEISHU_BOTS" in text
    assert says in text
    assert "Traceback" not in text
    assert "hunter2" not in text


@pytest.mark.fault(34)
async def test_a_second_adapter_of_the_same_name_is_reported(tmp_path, saw):
    first = BOT.replace("nonebot.get_driver().register_adapter(Adapter)", "{}")
    other = "import nonebot.adapters.feishu as other\nnonebot.get_driver().register_adapter(other.Adapter)"
    ours = "nonebot.get_driver().register_adapter(Adapter)"
    check = (
        "from nonebot_adapter_feishu_ws import ensure_registered\nassert ensure_registered() is {}\nraise SystemExit(0)"
    )
    (tmp_path / ".env").write_text("DRIVER=~fastapi+~httpx\n")
    for lines, ok in (((other, ours), False), ((ours, other), True)):
        (tmp_path / "bot.py").write_text(first.format("\n".join([*lines, check.format(ok)])))
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "bot.py"), cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await asyncio.wait_for(child.communicate(), 60)
        assert child.returncode == 0, output.decode()
        lines = [line for line in output.decode().splitlines() if "remove the line" in line]
        assert len(lines) == (0 if ok else 1)
        if not ok:
            saw(f'two adapters of one name: "{lines[0].partition("Feishu | ")[2]}"')
