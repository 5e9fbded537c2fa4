"""All that a message carries: its own, those in rich text, of the quoted message, and merged ones."""

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import MessageEvent
from nonebot_adapter_feishu_ws.params import Attachment, Attachments, Files, ImageBytes
from tests.conftest import APP, wait_until

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def chat(sandbox):
    user = sandbox.add_user("Li Lei")
    return user, sandbox.p2p(user, APP)


def collect(matchers, **options):
    """A matcher that notes the attachments of each message, read."""
    seen: list[list[Attachment]] = []
    matcher = on_message()
    matchers(matcher)

    @matcher.handle()
    async def _(found: list[Attachment] = Attachments(**options)):
        for each in found:
            await each.read()
        seen.append(found)

    return seen


@pytest.mark.parametrize(
    ("kind", "name", "content", "expected"),
    [
        ("image", "x.png", PNG, ("image", "image/png", "")),
        ("image", "x.jpg", b"\xff\xd8\xff\xe0", ("image", "image/jpeg", "")),
        ("image", "x.webp", b"RIFF\0\0\0\0WEBPVP8 ", ("image", "image/webp", "")),
        ("image", "x", b"what is this", ("image", "image/*", "")),
        ("file", "a.pdf", b"%PDF-1.7", ("file", "application/pdf", "a.pdf")),
        ("file", "noname", b"x", ("file", "application/octet-stream", "noname")),
        ("audio", "voice", b"OggS", ("audio", "audio/ogg", "")),
        ("media", "film.mp4", b"\0\0\0\x18ftypmp42", ("video", "video/mp4", "film.mp4")),
    ],
)
async def test_each_kind_has_its_type_name_and_bytes(
    sandbox, run_adapter, chat, matchers, kind, name, content, expected
):
    seen = collect(matchers)
    async with run_adapter():
        await sandbox.send_file(*chat, content, name=name, kind=kind, duration=2500)
        await wait_until(lambda: seen)
        [[it]] = seen
        assert await it.read() == content
    assert (it.kind, it.mime, it.name) == expected
    assert (it.size, it.quoted) == (len(content), False)
    assert it.duration == (2.5 if kind in ("audio", "media") else None)


async def test_what_is_quoted_and_what_stands_in_rich_text_comes_along(sandbox, run_adapter, chat, matchers, tmp_path):
    seen = collect(matchers)
    async with run_adapter():
        image = await sandbox.send_file(*chat, PNG, kind="image")
        await wait_until(lambda: len(seen) == 1)
        key = seen[0][0].key
        own = sandbox._keep("image", "own.png", PNG + b"own")
        lines = [
            [{"tag": "text", "text": "look: "}],
            [{"tag": "img", "image_key": own}, {"tag": "img", "image_key": own}],
        ]
        await sandbox.say(*chat, {"title": "", "content": lines}, msg_type="post", reply_to=image)
        await wait_until(lambda: len(seen) == 2)
        [first, second] = seen[1]
        path = await second.save(tmp_path / "saved.png")
    assert [(first.key, first.quoted), (second.key, second.quoted)] == [(own, False), (key, True)]
    assert path.read_bytes() == PNG
    assert repr(second) == f"<Attachment image {key}>"


async def test_voice_is_transcribed_by_a_function_of_the_plugin(sandbox, run_adapter, chat, matchers, logs):
    async def transcribe(it: Attachment) -> str:
        if (content := await it.read()) == b"OggSnoise":
            raise RuntimeError("only noise")
        return content.decode()

    seen = collect(matchers, transcribe=transcribe)
    async with run_adapter():
        for content in (b"OggShello", b"OggSnoise"):
            await sandbox.send_file(*chat, content, kind="audio")
        await sandbox.send_file(*chat, b"a file", kind="file", name="a.txt")
        await wait_until(lambda: len(seen) == 3)
    assert {(each.size, each.text) for [each] in seen} == {(9, "OggShello"), (9, None), (6, None)}
    assert any("could not be transcribed" in line for line in logs)


# An image and the text that follows


@pytest.fixture
def heard(matchers):
    """What each handler was given: text, merged messages, attachments, first image, files."""
    seen: list[tuple] = []
    matcher = on_message()
    matchers(matcher)

    @matcher.handle()
    async def _(
        event: MessageEvent,
        found: list[Attachment] = Attachments(),
        image: bytes | None = ImageBytes(),
        files: list = Files(),
    ):
        names = [each.name or each.kind for each in found]
        seen.append((event.get_plaintext(), len(event.merged), names, image, len(files)))

    return seen


async def test_an_image_is_handled_with_the_text_that_follows(sandbox, run_adapter, chat, heard):
    async with run_adapter(feishu_merge_attachments=30) as adapter:
        await sandbox.send_file(*chat, PNG, kind="image")
        await sandbox.send_file(*chat, b"%PDF", kind="file", name="a.pdf")
        await sandbox.say(*chat, "what is this?")
        await wait_until(lambda: heard)
        await wait_until(lambda: not adapter._dispatcher.running)
    assert heard == [("what is this?", 2, ["image", "a.pdf"], PNG, 1)]


async def test_without_the_option_each_message_comes_by_itself(sandbox, run_adapter, chat, heard):
    async with run_adapter():
        await sandbox.send_file(*chat, PNG, kind="image")
        await sandbox.say(*chat, "what is this?")
        await wait_until(lambda: len(heard) == 2)
    assert sorted((text, merged) for text, merged, *_ in heard) == [("", 0), ("what is this?", 0)]


async def test_an_image_without_a_text_is_handled_after_the_time(sandbox, run_adapter, chat, heard):
    async with run_adapter(feishu_merge_attachments=0.05):
        await sandbox.send_file(*chat, PNG, kind="image")
        await wait_until(lambda: heard)
        await sandbox.say(*chat, "hello")
        await wait_until(lambda: len(heard) == 2)
    assert [(text, merged, names) for text, merged, names, *_ in heard] == [("", 0, ["image"]), ("hello", 0, [])]


async def test_others_and_other_chats_are_not_mixed_up(sandbox, run_adapter, chat, heard):
    user, private = chat
    other = sandbox.add_user("Han Mei")
    group = sandbox.add_chat("Group", members=[user, other], apps=[APP])
    async with run_adapter(feishu_merge_attachments=0.5):
        await sandbox.send_file(user, group, PNG, kind="image")
        await sandbox.say(other, group, "mine")
        await sandbox.say(user, private, "elsewhere")
        await wait_until(lambda: len(heard) == 3)
    assert [(text, merged) for text, merged, *_ in heard] == [("mine", 0), ("elsewhere", 0), ("", 0)]
