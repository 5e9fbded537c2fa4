"""The operator's choice survives a killed process: a real bot, real signals, the README's SQLite store."""

import asyncio
import json
import os
import signal
import sys

import aiohttp
import pytest

from tests.conftest import APP, SECRET, wait_until
from tests.flow.test_drivers import BOT, free_port, running

TOKEN = "operator-token-0123456789"


class Operator:
    def __init__(self, port: int, session: aiohttp.ClientSession) -> None:
        self.url = f"http://127.0.0.1:{port}/feishu"
        self.session = session

    async def call(self, path: str, method: str = "GET") -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.session.request(method, f"{self.url}/{path}", headers=headers) as response:
            return response.status, await response.json()

    async def state(self) -> str:
        try:
            _, status = await self.call(f"bots/{APP}/ws/status")
        except aiohttp.ClientError:
            return "no answer"
        return status.get("state", "not started")

    async def reaches(self, state: str) -> None:
        for _ in range(600):
            if await self.state() == state:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"it is {await self.state()}, not {state}")


@pytest.mark.parametrize("driver", ["~fastapi", "~quart"])
async def test_a_choice_survives_a_kill_and_wins_over_env(sandbox, tmp_path, driver):
    sandbox.add_app("cli_b", "b")
    port = free_port()
    bots = [
        {"app_id": APP, "app_secret": SECRET, "domain": sandbox.url},
        {"app_id": "cli_b", "app_secret": "b", "domain": sandbox.url},
    ]
    (tmp_path / "bot.py").write_text(BOT)
    (tmp_path / ".env").write_text(
        f"DRIVER={driver}\nPORT={port}\nFEISHU_BOTS='{json.dumps(bots)}'\n"
        f"FEISHU_MANAGEMENT_TOKENS='{json.dumps({TOKEN: ['*']})}'\n"
    )
    async with aiohttp.ClientSession() as session:
        operator = Operator(port, session)

        async def kill(child: asyncio.subprocess.Process) -> str:
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
            return (await child.stdout.read()).decode()

        async with running(sys.executable, "bot.py", cwd=tmp_path) as child:
            await operator.reaches("connected")
            assert await operator.call(f"bots/{APP}/ws/disconnect", "POST") == (
                200,
                {"success": True, "botId": APP, "status": "disconnected"},
            )
            first = await kill(child)
        assert "as its operator chose" not in first
        assert (tmp_path / "data" / "feishu_ws.sqlite3").is_file()

        async with running(sys.executable, "bot.py", cwd=tmp_path) as child:
            await sandbox.wait_connected("cli_b")
            await operator.reaches("disconnected")
            assert sandbox.gateway.connections[APP] == []
            assert (await operator.call(f"bots/{APP}/ws/connect", "POST"))[0] == 200
            await operator.reaches("connected")
            second = await kill(child)
        warnings = [line for line in second.splitlines() if "as its operator chose" in line]
        assert len(warnings) == 1
        assert "WARNING" in warnings[0]
        assert APP in warnings[0]

        async with running(sys.executable, "bot.py", cwd=tmp_path) as child:
            await operator.reaches("connected")
            third = await kill(child)
        assert "as its operator chose" not in third, "it is what .env says"
        for output in (first, second, third):
            assert TOKEN not in "\n".join(line for line in output.splitlines() if "Loaded Config" not in line)
    await wait_until(lambda: sandbox.gateway.connections[APP] == [])
