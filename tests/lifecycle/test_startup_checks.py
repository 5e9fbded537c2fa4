"""Two processes of one app: Feishu gives each a part of the events, so one of them must say it."""

import asyncio
from collections.abc import Callable

import pytest

from tests.conftest import APP, wait_until
from tests.flow.bot_process import BotProcess

Saw = Callable[[str], None]


@pytest.mark.fault(34)
async def test_a_second_process_of_the_same_app_is_told_of_once(
    sandbox, run_adapter, logs, monkeypatch, tmp_path, saw: Saw
):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.adapter.OTHER_CLIENTS_AFTER", 0.2)
    async with BotProcess(sandbox, tmp_path).running(), run_adapter():
        connections = len(sandbox.gateway.connections[APP])
        await wait_until(lambda: any("other long connection" in line for line in logs))
        await asyncio.sleep(0.3)
    [line] = [line for line in logs if "other long connection" in line]
    saw(f'two processes, {connections} connections: "{line.partition("| ")[2].strip() or line.strip()}"')
