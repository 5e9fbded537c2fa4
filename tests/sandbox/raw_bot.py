"""A bot that is nothing but a socket: it answers every event with what a function gives it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from nonebot_adapter_feishu_ws.transport.frame import DATA, Frame
from tests.conftest import APP, SECRET

Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any] | None]]


@asynccontextmanager
async def raw_bot(url: str, answer: Answer) -> AsyncIterator[None]:
    """``answer`` gets each event; what it returns goes into the ack, ``None`` leaves the event without an ack."""
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{url}/callback/ws/endpoint", json={"AppID": APP, "AppSecret": SECRET}) as response:
            address = (await response.json())["data"]["URL"]
        async with session.ws_connect(address) as socket:
            task = asyncio.create_task(_serve(socket, answer))
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def _serve(socket: aiohttp.ClientWebSocketResponse, answer: Answer) -> None:
    async for message in socket:
        frame = Frame()
        frame.ParseFromString(message.data)
        if frame.method != DATA:
            continue
        data = await answer(json.loads(frame.payload))
        if data is None:
            continue
        encoded = base64.b64encode(json.dumps(data).encode()).decode()
        frame.payload = json.dumps({"code": data.pop("code", 200), "data": encoded}).encode()
        await socket.send_bytes(frame.SerializeToString())
