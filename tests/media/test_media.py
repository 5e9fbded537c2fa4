"""Contents on their way: uploads at the send, once per content; fetched URLs; what Feishu would refuse."""

import asyncio
import json
import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import web
from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, Event, MessageEvent, MessageSegment, NetworkError
from nonebot_adapter_feishu_ws.api import Content
from nonebot_adapter_feishu_ws.api.http import save
from nonebot_adapter_feishu_ws.media.fetch import PrivateAddress, check_address, fetch, guarded
from nonebot_adapter_feishu_ws.media.kinds import file_type, read_duration
from nonebot_adapter_feishu_ws.message import Message
from nonebot_adapter_feishu_ws.net.session import HttpSession, target_of
from tests.conftest import APP, wait_until

SAMPLES = Path(__file__).parent / "samples"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + b"\0" * 32
OPUS = b"OggS" + b"\0" * 24 + b"OpusHead" + b"\0" * 64
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 64


@pytest.fixture
async def bot(sandbox, run_adapter):
    async with run_adapter() as adapter:
        yield adapter.bots[APP]


@pytest.fixture
def chat(sandbox):
    return sandbox.p2p(sandbox.add_user("Li Lei"), APP)


def uploads(sandbox) -> list[str]:
    paths = [request.path for request in sandbox.requests if request.method == "POST"]
    return [path for path in paths if path in ("im/v1/images", "im/v1/files")]


@pytest.mark.parametrize("make", [lambda path: PNG, BytesIO, lambda path: path, lambda path: path.as_uri()])
async def test_an_image_may_be_bytes_stream_path_or_url_of_a_file(sandbox, bot, chat, tmp_path, make):
    path = tmp_path / "a b.png"
    path.write_bytes(PNG)
    message = Message(MessageSegment.image(BytesIO(PNG) if make is BytesIO else make(path)))
    before = message.copy()
    await bot.send_to(chat.chat_id, message)
    [sent] = await sandbox.wait_message(chat)
    assert sent.msg_type == "image"
    [stored] = sandbox.world.files.values()
    assert stored.content == PNG
    assert stored.key in sent.content
    assert str(message) == str(before), "the message that was given stays as it is"
    assert not message[0].data.get("image_key")


async def test_a_content_is_uploaded_once_for_all_who_send_it(sandbox, bot, chat):
    segment = MessageSegment.image(PNG)
    await asyncio.gather(*(bot.send_to(chat.chat_id, Message(segment)) for _ in range(5)))
    await bot.send_to(chat.chat_id, Message(segment) + MessageSegment.text("again"))
    assert uploads(sandbox) == ["im/v1/images"]


async def test_a_failed_upload_is_not_remembered(sandbox, bot, chat):
    sandbox.faults.add("im/v1/images", code=234001)
    with pytest.raises(Exception, match="234001"):
        await bot.send_to(chat.chat_id, MessageSegment.image(PNG))
    await bot.send_to(chat.chat_id, MessageSegment.image(PNG))
    await sandbox.wait_message(chat)


async def test_file_audio_and_video_get_their_types_and_names(sandbox, bot, chat, tmp_path):
    report = tmp_path / "报告.pdf"
    report.write_bytes(b"%PDF")
    message = (
        MessageSegment.file(report)
        + MessageSegment.file(b"x", "data.bin")
        + MessageSegment.audio(OPUS, 1500)
        + MessageSegment.video(MP4, PNG, "clip.mp4", 2000)
    )
    await bot.send_to(chat.chat_id, message)
    sent = await sandbox.wait_message(chat, count=4)
    assert [m.msg_type for m in sent] == ["file", "file", "audio", "media"]
    assert [(f.name, f.kind) for f in sandbox.world.files.values() if f.kind != "image"] == [
        *(("报告.pdf", "pdf"), ("data.bin", "stream"), ("audio.opus", "opus"), ("clip.mp4", "mp4")),
    ]


@pytest.mark.parametrize(
    ("segment", "says"),
    [
        (MessageSegment.image(b""), "is empty"),
        (MessageSegment.image(b"x" * (10 * 1024**2 + 1)), "at most 10 MB"),
        (MessageSegment.file(b"x" * (30 * 1024**2 + 1), "x"), "at most 30 MB"),
        (MessageSegment.audio(b"ID3 an mp3"), "ffmpeg"),
        (MessageSegment.video(b"RIFF an avi"), "must be mp4"),
        (MessageSegment.image("http://127.0.0.1:9/x.png"), "private address"),
        (MessageSegment.image("file:///nonexistent/x.png"), "cannot be read"),
    ],
)
async def test_what_feishu_would_refuse_is_refused_before_the_upload(sandbox, bot, chat, segment, says):
    with pytest.raises(ValueError, match=says):
        await bot.send_to(chat.chat_id, segment)
    assert uploads(sandbox) == []


def test_file_types():
    assert [file_type(name, "file") for name in ("a.docx", "a.XLS", "a.pptx", "a.pdf", "a.mp4", "a")] == [
        *("doc", "xls", "ppt", "pdf", "stream", "stream"),
    ]
    assert (file_type("x", "audio"), file_type("x", "media")) == ("opus", "mp4")


@pytest.mark.parametrize("name", ["tone.opus", "blank.mp4"])
def test_durations_of_real_files(name):
    assert abs((read_duration(Content((SAMPLES / name).read_bytes())) or 0) - 1500) < 150
    assert read_duration(Content(b"no media")) is None


async def test_the_duration_is_read_from_the_file(sandbox, bot, chat):
    await bot.send_to(chat.chat_id, MessageSegment.audio(SAMPLES / "tone.opus"))
    [sent] = await sandbox.wait_message(chat)
    assert sent.msg_type == "audio"
    assert 1400 < json.loads(sent.content).get("duration", 1500) < 1600


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
        ),
        *("::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "::"),
    ],
)
def test_private_addresses_are_refused(address):
    with pytest.raises(PrivateAddress):
        check_address(address, "evil.example")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "1.1.1.1"])
def test_public_addresses_pass(address):
    check_address(address, "example.com")


class Names:
    """A DNS of its own: what each name leads to."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    async def __call__(self, host: str) -> list[str]:
        return [self.names[host]]


@pytest.fixture
async def site():
    """A real server on loopback; yields its port."""

    async def content(request: web.Request) -> web.StreamResponse:
        kind = request.match_info["kind"]
        if kind == "redirect":
            raise web.HTTPFound(request.query["to"])
        if kind == "loop":
            raise web.HTTPFound("/loop")
        if kind == "missing":
            raise web.HTTPNotFound
        if kind == "stream":
            stream = web.StreamResponse()
            await stream.prepare(request)
            for _ in range(200):
                await stream.write(b"x" * (256 * 1024))
            return stream
        return web.Response(body=b"x" * (2_000_000 if kind == "large" else 10))

    app = web.Application()
    app.add_routes([web.get("/{kind}", content)])
    runner = web.AppRunner(app)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def test_fetching(site):
    names = Names({"public.example": "127.0.0.1"})  # as if it were public
    base = f"http://public.example:{site}"
    assert await fetch(f"{base}/file", 1000, lookup=names) == b"x" * 10
    assert await fetch(f"{base}/redirect?to=/file", 1000, lookup=names) == b"x" * 10
    with pytest.raises(ValueError, match="larger than"):
        await fetch(f"{base}/large", 1024**2, lookup=names)
    with pytest.raises(NetworkError, match="HTTP 404"):
        await fetch(f"{base}/missing", 1000, lookup=names)
    with pytest.raises(NetworkError, match="redirects more than 5"):
        await fetch(f"{base}/loop", 1000, lookup=names)


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://127.1/", "ftp://x/y", "file:///etc/passwd"],
)
async def test_a_redirect_does_not_lead_inside(site, target):
    names = Names({"public.example": "127.0.0.1", "127.1": "127.0.0.1"})
    with pytest.raises((ValueError, NetworkError)) as caught:
        await fetch(f"http://public.example:{site}/redirect?to={target}", 1000, lookup=names)
    assert not isinstance(caught.value, NetworkError) or "127.1" in target


async def test_a_name_that_leads_inside_is_refused(site):
    names = guarded(Names({"intranet.example": "127.0.0.1"}))
    with pytest.raises(PrivateAddress, match="private address 127"):
        await fetch(f"http://intranet.example:{site}/file", 1000, lookup=names)


async def test_received_media_are_downloaded(sandbox, bot, chat, matchers, tmp_path):
    got: list[object] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        for segment in event.get_message():
            got.append(await segment.download(bot))
            got.append(await segment.download(bot, event, tmp_path / "saved"))

    user = sandbox.world.users[chat.members[0]]
    sandbox.world.files["img_1"] = sandbox_file("img_1", "image", PNG)
    await sandbox.say(user, chat, {"image_key": "img_1"}, msg_type="image")
    await wait_until(lambda: len(got) == 2)
    assert got == [PNG, tmp_path / "saved"]
    assert (tmp_path / "saved").read_bytes() == PNG
    with pytest.raises(ValueError, match="nothing that can be downloaded"):
        await MessageSegment.text("x").download(bot, "om_1")


def sandbox_file(key: str, kind: str, content: bytes):
    from nonebot_adapter_feishu_ws.sandbox.state import StoredFile

    return StoredFile(key, kind, "name", content, APP)


def test_the_event_class_is_public():
    assert issubclass(MessageEvent, Event)


async def test_a_download_is_written_to_a_file(sandbox, bot, chat, tmp_path):
    content = bytes(range(256)) * 10_000
    sandbox.world.files["file_1"] = sandbox_file("file_1", "file", content)
    user = sandbox.world.users[chat.members[0]]
    message = await sandbox.say(user, chat, {"file_key": "file_1", "file_name": "a"}, msg_type="file")
    path = await bot.download(MessageSegment.file("file_1", "a"), message.message_id, tmp_path / "a")
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


async def test_a_large_download_is_never_whole_in_memory(site, tmp_path):
    """50 MB from a server that makes them as they go out, so that it holds none of them either."""
    target = target_of(f"http://127.0.0.1:{site}")
    async with HttpSession().stream("GET", target, "/stream", {}) as response:
        tracemalloc.start()
        try:
            path = await save(response, tmp_path / "a")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert path.stat().st_size == 200 * 256 * 1024
    assert peak < 8 * 1024**2


async def test_a_download_that_fails_leaves_no_file(sandbox, bot, chat, tmp_path):
    with pytest.raises(Exception, match="234003"):
        await bot.download(MessageSegment.file("file_none", "a"), "om_none", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


async def test_a_card_that_has_a_source_of_its_own_is_no_upload(sandbox, bot, chat):
    card = {"schema": "2.0", "source": "http://127.0.0.1:9/", "body": {"elements": [{"tag": "hr"}]}}
    await bot.send_to(chat.chat_id, MessageSegment.card(card))
    [sent] = await sandbox.wait_message(chat)
    assert sent.msg_type == "interactive"
    assert uploads(sandbox) == []


async def test_a_socks_proxy_that_is_not_there_is_told_in_words():
    with pytest.raises(NetworkError, match="proxy cannot be reached"):
        await fetch("http://public.example/x", 1000, proxy="socks5://127.0.0.1:9")
    with pytest.raises(PrivateAddress):
        await fetch("http://169.254.169.254/x", 1000, proxy="socks5://127.0.0.1:9")
