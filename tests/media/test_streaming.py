"""Uploads go piece by piece: never whole in memory, measured before they are sent, tried again from the beginning."""

import asyncio
import io
import json
import os
import tracemalloc
from copy import deepcopy
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from nonebot_adapter_feishu_ws import ActionFailed, MessageSegment
from nonebot_adapter_feishu_ws.api import ApiClient, RetryPolicy
from nonebot_adapter_feishu_ws.api.upload import PIECE
from nonebot_adapter_feishu_ws.message import Message, OpenFile
from tests.conftest import APP, SECRET

MB = 1024 * 1024
LARGE = 30 * MB
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + b"\0" * 32


class Receiver:
    """A Feishu that takes uploads and keeps none of them: what it holds must not be counted as ours."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.cuts = 0
        """How many uploads are cut off in the middle."""
        self.received = 0
        self.url = ""

    async def token(self, request: web.Request) -> web.Response:
        return web.json_response({"code": 0, "tenant_access_token": "t-1", "expire": 7200})

    async def upload(self, request: web.Request) -> web.Response:
        size, name = 0, ""
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if part.name != "file":
                await part.read()
                continue
            name = part.filename
            while piece := await part.read_chunk(64 * 1024):
                size += len(piece)
                self.received += len(piece)
                if self.cuts and size > MB:
                    self.cuts -= 1
                    request.transport.abort()
                    return web.Response()
        self.sizes.append(size)
        assert request.content_length is not None, "its length is known, so it is not sent in chunks"
        return web.json_response({"code": 0, "data": {"file_key": f"file_of_{name}"}})


@pytest.fixture
async def receiver():
    server = Receiver()
    app = web.Application(client_max_size=64 * MB)
    app.add_routes([web.post("/open-apis/auth/v3/tenant_access_token/internal", server.token)])
    app.add_routes([web.post("/open-apis/im/v1/files", server.upload)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def client(receiver):
    client = ApiClient(
        app_id=APP,
        app_secret=SecretStr(SECRET),
        origin=receiver.url,
        retry=RetryPolicy(first_delay=0.01),
    )
    yield client
    await client.close()


@pytest.fixture
def large(tmp_path) -> Path:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(LARGE)
    return path


def send(client: ApiClient, file: object, **more: object):
    fields = {"file_type": "stream", "file_name": "a.bin"}
    return client.call("im/v1/files", method="POST", data=fields, files={"file": file}, **more)


@pytest.mark.parametrize("form", ["path", "file"])
async def test_30_mb_go_up_with_a_few_in_memory(client, receiver, large, form):
    await send(client, b"warm up: imports, connection, token")
    with large.open("rb") as file:
        tracemalloc.start()
        try:
            await send(client, large if form == "path" else file)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert receiver.sizes[-1] == LARGE
    assert peak < 8 * MB


class Counting:
    """A file that knows how it was read."""

    def __init__(self, content: bytes, receiver: Receiver) -> None:
        self._file = io.BytesIO(content)
        self._receiver = receiver
        self.largest = self.ahead = self.total = 0
        self.seek, self.tell, self.seekable = self._file.seek, self._file.tell, self._file.seekable

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.largest = max(self.largest, len(piece))
        self.total += len(piece)
        self.ahead = max(self.ahead, self.total - self._receiver.received)
        return piece


async def test_reading_runs_no_further_ahead_than_the_network(client, receiver):
    counting = Counting(bytes(LARGE), receiver)
    await send(client, counting)
    assert receiver.sizes == [LARGE]
    assert counting.largest == PIECE
    assert counting.ahead < 16 * MB, "what the sockets' buffers take, not the file"


@pytest.mark.parametrize("form", ["path", "file", "bytes"])
async def test_an_upload_that_is_cut_off_begins_again(client, receiver, large, form):
    receiver.cuts = 2
    seen: list[tuple[int, int | None]] = []
    with large.open("rb") as opened:
        file = {"path": large, "file": opened, "bytes": bytes(LARGE)}[form]
        await send(client, file, _progress=lambda done, total: seen.append((done, total)))
    assert receiver.sizes == [LARGE], "the third try is whole"
    assert [done for done, _ in seen].count(PIECE) == 3, "the progress of each try begins anew"
    assert seen[-1] == (LARGE, LARGE)


async def test_an_opened_file_is_read_from_where_it_stands(client, receiver, large):
    with large.open("rb") as file:
        file.seek(LARGE - 1000)
        await send(client, file)
    assert receiver.sizes == [1000]


@pytest.fixture
async def bot(sandbox, run_adapter):
    async with run_adapter() as adapter:
        yield adapter.bots[APP]


@pytest.fixture
def chat(sandbox):
    return sandbox.p2p(sandbox.add_user("Li Lei"), APP)


def uploads(sandbox) -> list[str]:
    return [request.path for request in sandbox.requests if request.path in ("im/v1/images", "im/v1/files")]


@pytest.mark.parametrize(("size", "says"), [(0, "is empty"), (30 * MB + 1, "at most 30 MB")])
async def test_the_limits_are_checked_without_reading(sandbox, bot, tmp_path, size, says):
    path = tmp_path / "f"
    with path.open("wb") as file:
        file.truncate(size)
    with path.open("rb") as opened:
        for given in (path, str(path), opened):
            with pytest.raises(ValueError, match=says):
                await bot.post_file("stream", "f", given)
            with pytest.raises(ValueError, match=says):
                await bot.file.create_file(given, "f")
            assert opened.tell() in (0, size)
    with pytest.raises(ValueError, match="at most 10 MB" if size else "is empty"):
        await bot.file.create_image(path)
    with pytest.raises(ValueError, match="cannot be read"):
        await bot.post_file("stream", "f", tmp_path / "none")
    assert uploads(sandbox) == []


async def test_progress_of_the_methods_that_plugins_call(sandbox, bot, chat, tmp_path):
    seen: list[tuple[int, int | None]] = []

    def note(done: int, total: int | None) -> None:
        seen.append((done, total))

    def take() -> list[tuple[int, int | None]]:
        found = seen.copy()
        seen.clear()
        return found

    whole = [(PIECE, PIECE + 7), (PIECE + 7, PIECE + 7)]
    content = os.urandom(PIECE + 7)
    path = tmp_path / "f.bin"
    path.write_bytes(content)
    answer = await bot.post_file("stream", "f", path, progress=note)
    assert take() == whole
    key = (await bot.file.create_file(path, "f", progress=note)).file_key
    assert take() == whole
    assert (await bot.file.create_image(str(path), progress=note)).image_key
    assert take() == whole
    assert await bot.get_file(answer["data"]["file_key"], progress=note) == content
    assert take()[-1] == whole[-1]
    assert await bot.file.get_file(key, progress=note) == content
    assert take()[-1] == whole[-1]
    await bot.send_to(chat.chat_id, MessageSegment.file(path, progress=note))
    assert take() == whole
    await bot.send_to(chat.chat_id, MessageSegment.file(path, progress=note))
    assert take() == whole[-1:], "known already, so it is there at once"
    [sent, _] = await sandbox.wait_message(chat, count=2)
    sent_key = json.loads(sent.content)["file_key"]
    assert await bot.get_msg_resource(sent.message_id, sent_key, "file", progress=note) == content
    assert take()[-1] == whole[-1]
    saved = await bot.get_msg_resource(sent.message_id, sent_key, "file", to=tmp_path / "to", progress=note)
    assert saved.read_bytes() == content
    assert take()[-1] == whole[-1]
    segment = MessageSegment.file(sent_key, "f")
    assert await segment.download(bot, sent.message_id, tmp_path / "to", note) == tmp_path / "to"
    assert await segment.download(bot, sent.message_id, progress=note) == content
    assert take()[-1] == whole[-1]
    assert await bot.im.get_resource(sent.message_id, sent_key, "file", progress=note) == content
    assert take()[-1] == whole[-1]
    with pytest.raises(ActionFailed):
        await bot.get_file("file_none", progress=note)
    assert take() == [], "an error is no download"


async def test_a_callback_that_raises_breaks_nothing(sandbox, bot, logs):
    def fail(done: int, total: int | None) -> None:
        raise RuntimeError("the plugin's bar")

    answer = await bot.post_file("stream", "f", b"x" * PIECE * 3, progress=fail)
    assert len(await bot.get_file(answer["data"]["file_key"])) == PIECE * 3
    assert len([line for line in logs if "A progress callback raised" in line]) == 1


async def test_an_open_file_may_be_sent_by_many_at_once(sandbox, bot, chat, tmp_path):
    path = tmp_path / "报告.bin"
    content = os.urandom(3 * PIECE + 1)
    path.write_bytes(content)
    with path.open("rb") as file:
        segment = MessageSegment.file(file)
        message = deepcopy(Message(segment))
        await asyncio.gather(*(bot.send_to(chat.chat_id, message) for _ in range(5)))
        await bot.send_to(chat.chat_id, MessageSegment.file(path))
    [stored] = sandbox.world.files.values()
    assert (stored.content, stored.name) == (content, "报告.bin")


async def test_files_that_cannot_serve_are_told(bot, chat, tmp_path):
    path = tmp_path / "f.txt"
    path.write_text("x")
    with path.open() as text, pytest.raises(ValueError, match="binary mode"):
        MessageSegment.file(text)
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe, pytest.raises(ValueError, match="rewound"):
        await bot.send_to(chat.chat_id, MessageSegment.file(pipe))
    assert "f.txt" in repr(OpenFile(path.open("rb")))


async def test_a_pipe_can_be_posted(sandbox, bot):
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(b"from a pipe")
    seen: list[tuple[int, int | None]] = []
    with os.fdopen(reading, "rb") as pipe:
        await bot.post_file("stream", "f", pipe, progress=lambda done, total: seen.append((done, total)))
    [stored] = sandbox.world.files.values()
    assert stored.content == b"from a pipe"
    assert seen == [(11, None)]


async def test_the_length_is_read_from_a_file_on_disk(sandbox, bot, chat):
    with (Path(__file__).parent / "samples" / "tone.opus").open("rb") as file:
        await bot.send_to(chat.chat_id, MessageSegment.audio(file))
    [sent] = await sandbox.wait_message(chat)
    assert 1400 < json.loads(sent.content).get("duration", 1500) < 1600
