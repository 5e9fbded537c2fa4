"""An endpoint in OpenAI's manner on loopback: real HTTP, real server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class FakeModel:
    """Answers with what the test says.

    Attributes:
        answer: the text of the next answers.
        pieces: characters per event.
        wait: seconds between two events.
        status: HTTP status of the next answers.
        break_after: cut the connection after so many events.
        requests: the bodies that came.
    """

    def __init__(self) -> None:
        self.answer = "Hello from the model."
        self.pieces, self.wait, self.status = 4, 0.0, 200
        self.break_after: int | None = None
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.url = ""

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        if self.status != 200:
            return web.json_response({"error": {"message": "no such model"}}, status=self.status)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": a comment\n\n" + event({"role": "assistant", "content": ""}))
        for count, at in enumerate(range(0, len(self.answer), self.pieces)):
            if count == self.break_after:
                assert request.transport is not None
                request.transport.abort()
                return response
            raw = event({"content": self.answer[at : at + self.pieces]})
            # A network cuts where it likes: inside a line, inside a character.
            await response.write(raw[: len(raw) // 2])
            await response.write(raw[len(raw) // 2 :])
            await asyncio.sleep(self.wait)
        await response.write(b'data: {"choices": [], "usage": {"total_tokens": 3}}\n\ndata: [DONE]\n\n')
        return response


def event(delta: dict[str, Any]) -> bytes:
    data = json.dumps({"choices": [{"index": 0, "delta": delta}]}, ensure_ascii=False)
    return f"data: {data}\r\n\r\n".encode()


@asynccontextmanager
async def fake_model() -> AsyncIterator[FakeModel]:
    model = FakeModel()
    app = web.Application()
    app.add_routes([web.post("/v1/chat/completions", model.complete)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    model.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield model
    finally:
        await runner.cleanup()
