"""The peers as clients of the sandbox: if they cannot talk to it, the sandbox is wrong."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import APP, SECRET
from tests.peers.sdk_rest import story

HERE = Path(__file__).parent
NODE = HERE / "node"


@asynccontextmanager
async def process(*command: str, cwd: Path | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    """A peer that runs until the end of the block; its output is shown when the test fails."""
    env = {**os.environ, "NO_PROXY": "127.0.0.1", "PYTHONUNBUFFERED": "1"}
    child = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        output, _ = await child.communicate()
        print(output.decode(errors="replace"))


def free_port() -> str:
    """A port for a server that cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


async def ask(sandbox, expected: str) -> None:
    """One event, pushed once, acked once, answered."""
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    await sandbox.wait_connected(APP, timeout=60)
    await sandbox.say(user, chat, "/echo hello")
    [answer] = await sandbox.wait_message(chat)
    assert json.loads(answer.content)["text"] == expected


async def test_the_python_sdks_websocket_client(sandbox):
    async with process(sys.executable, str(HERE / "sdk_client.py"), sandbox.url, APP, SECRET):
        await sandbox.wait_connected(APP, timeout=60)
        await ask(sandbox, "sdk heard /echo hello")
        delivery = await sandbox.push(APP, "im.message.message_read_v1", {})
        with pytest.raises(asyncio.TimeoutError):
            await delivery.wait(1)
        assert delivery.ack_code == 500, "the SDK refuses what nothing is registered for, and the sandbox saw the ack"


@pytest.mark.usefixtures("no_sdk_token")
async def test_the_python_sdks_rest_client(sandbox):
    chat = sandbox.add_chat("Group", members=[sandbox.add_user("Li Lei")], apps=[APP])
    assert await asyncio.to_thread(story, sandbox.url, APP, SECRET, chat.chat_id) == {
        "got": '{"text": "edited"}',
        "updated": True,
        "thread": True,
        "listed": 3,
        "resource": "picture",
        "group": "Group",
        "refused": 230001,
        "log_id": True,
    }


@pytest.mark.needs("npm")
@pytest.mark.timeout(300)
async def test_the_node_sdks_websocket_client(sandbox):
    if not (NODE / "node_modules").is_dir():
        install = await asyncio.create_subprocess_exec("npm", "install", "--no-audit", "--no-fund", cwd=NODE)
        assert await install.wait() == 0, "npm install failed"
    async with process("node", "client.js", sandbox.url, APP, SECRET, cwd=NODE):
        await ask(sandbox, "node heard /echo hello")


@pytest.mark.parametrize("driver", ["~fastapi+~httpx+~websockets", "~fastapi+~aiohttp"])
async def test_the_existing_nonebot_adapter(sandbox, driver):
    async with process(
        sys.executable, str(HERE / "existing_adapter.py"), sandbox.url, APP, SECRET, driver, free_port()
    ):
        await ask(sandbox, "hello")
