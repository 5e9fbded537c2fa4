"""What is fetched: files with any label, and what is inside merged forwards. And dividers, which go out."""

import json

import pytest
from aiohttp import web
from nonebot import on_message
from pydantic import SecretStr

from nonebot_adapter_feishu_ws import ActionFailed, Bot, MessageEvent, MessageSegment, NetworkError, Reply
from nonebot_adapter_feishu_ws.api import ApiClient
from nonebot_adapter_feishu_ws.message import UnsupportedSegment, parse, render
from nonebot_adapter_feishu_ws.sandbox.state import StoredFile
from tests.conftest import APP, SECRET, wait_until

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + b"\0" * 32


@pytest.fixture
async def bot(sandbox, run_adapter):
    async with run_adapter() as adapter:
        yield adapter.bots[APP]


@pytest.fixture
def user(sandbox):
    return sandbox.add_user("Li Lei")


@pytest.fixture
def chat(sandbox, user):
    return sandbox.p2p(user, APP)


FILES = {"a.json": b'{"code": 5, "msg": "mine"}', "b.json": b"[1, 2]", "c.html": b"<html>mine</html>", "d.bin": b"\0"}


@pytest.mark.parametrize("name", FILES)
async def test_B15_a_downloaded_file_comes_as_bytes_whatever_its_label(sandbox, bot, user, chat, tmp_path, name):
    """Before: a .json file was an error or a dict, a .html file "a proxy or gateway in between?"."""
    sandbox.world.files["file_1"] = StoredFile("file_1", "file", name, FILES[name], APP)
    sent = await sandbox.say(user, chat, {"file_key": "file_1", "file_name": name}, msg_type="file")
    segment = MessageSegment.file("file_1", name)
    assert await bot.download(segment, sent.message_id) == FILES[name]
    assert await bot.download(segment, sent.message_id, tmp_path / "to") == tmp_path / "to"
    assert (tmp_path / "to").read_bytes() == FILES[name]
    assert await bot.get_file("file_1") == FILES[name]
    assert await bot.im.get_resource(sent.message_id, "file_1", "file") == FILES[name]


FEISHU = {"X-Tt-Logid": "2026"}
ANSWERS = {
    "JSON": (b'{"a": 1}', "application/json", FEISHU, True),
    "JSON that looks like a success": (b'{"code": 0, "msg": "ok"}', "application/json", FEISHU, True),
    "a list": (b"[]", "text/json", {}, True),
    "no JSON at all": (b"{", "application/json", FEISHU, True),
    "a web page": (b"<html>", "text/html", FEISHU, True),
    "nothing": (b"", "application/json", {"Content-Disposition": "attachment"}, True),
    "an error": (b'{"code": 234003, "msg": "File not in msg."}', "application/json", FEISHU, ActionFailed),
    "a gateway": (b"<html>login</html>", "text/html", {}, NetworkError),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_a_file_without_its_name_is_told_from_an_error(tmp_path, case):
    """The place alone says that JSON is a file, unless it is an error of Feishu's."""
    body, content_type, headers, expected = ANSWERS[case]

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("internal"):
            return web.json_response({"code": 0, "tenant_access_token": "t-1", "expire": 7200})
        return web.Response(body=body, content_type=content_type, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    client = ApiClient(app_id=APP, app_secret=SecretStr(SECRET), origin=origin)
    try:
        path = "im/v1/messages/om_1/resources/file_1"
        if expected is True:
            assert await client.call(path, params={"type": "file"}) == body
            assert (await client.call(path, params={"type": "file"}, _save_to=tmp_path / "to")).read_bytes() == body
        else:
            with pytest.raises(expected):
                await client.call(path, params={"type": "file"})
    finally:
        await client.close()
        await runner.cleanup()


@pytest.fixture
def album(sandbox, user):
    """A picture, alone and inside rich text, in a group that the bot is not in."""

    async def make():
        group = sandbox.add_chat("elsewhere", members=[user], apps=[APP])
        sandbox.world.files["img_1"] = StoredFile("img_1", "image", "image", PNG, APP)
        picture = await sandbox.say(user, group, {"image_key": "img_1"}, msg_type="image")
        line = [{"tag": "text", "text": "see"}, {"tag": "img", "image_key": "img_1"}]
        return [picture, await sandbox.say(user, group, {"title": "", "content": [line]}, msg_type="post")]

    return make


async def test_B15_a_picture_inside_a_merged_forward_is_fetched_with_the_forwards_id(
    sandbox, bot, user, chat, album, matchers
):
    """Before: it was asked for with the id of the message inside, which Feishu answers with 234003."""
    got: list[bytes] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        if not event.get_message().has("merge_forward"):
            return
        tree = await bot.expand(event.get_message())
        for child in (*tree.children[:2], *tree.children[2].children):
            got.append(await bot.download(child.message["image"][0], child))
            got.append(await child.message["image"][0].download(bot))

    pictures = await album()
    nested = await sandbox.forward(user, chat, pictures)
    await sandbox.forward(user, chat, [*pictures, nested])
    await wait_until(lambda: len(got) == 8)
    assert got == [PNG] * 8


async def test_B15_the_id_of_the_message_inside_comes_last_and_an_error_says_what_to_do(
    sandbox, bot, user, chat, album
):
    """Reports differ: the forward's id, or that of the message inside; the document says that neither works."""
    forward = await sandbox.forward(user, chat, await album())
    child = (await bot.expand(forward.message_id)).children[0]
    image = child.message["image"][0]
    assert child.forward_id == forward.message_id != child.message_id
    sandbox.world.messages[child.message_id] = forward.forwarded[0]
    for code in (234003, 234043):
        sandbox.faults.add(f"im/v1/messages/{forward.message_id}/resources", code=code)
        assert await bot.download(image, child) == PNG
    del sandbox.world.messages[child.message_id]
    sandbox.faults.add(f"im/v1/messages/{forward.message_id}/resources", code=234043)
    with pytest.raises(ActionFailed, match="have the file sent by itself"):
        await bot.download(image, child)
    with pytest.raises(ActionFailed, match="inside a merged forward, the forward's own message_id"):
        await bot.download(image, child.message_id)
    # A message inside, fetched by itself, names what it stands in.
    inside = Reply.model_validate({"message_id": child.message_id, "upper_message_id": forward.message_id})
    assert await bot.download(image, inside) == PNG


@pytest.mark.parametrize("in_forward", [False, True])
async def test_a_picture_of_the_quoted_message_is_fetched_with_the_event(
    sandbox, bot, user, chat, album, matchers, in_forward
):
    """Before: 234003, since the event's own message does not carry it."""
    got: list[bytes] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        if event.reply is not None:
            message = (await bot.expand(event.reply.message)).children[0].message if in_forward else event.reply.message
            got.append(await message["image"][0].download(bot))

    sandbox.world.files["img_1"] = StoredFile("img_1", "image", "image", PNG, APP)
    shown = await sandbox.say(user, chat, {"image_key": "img_1"}, msg_type="image")
    if in_forward:
        shown = await sandbox.forward(user, chat, await album())
    await sandbox.say(user, chat, "what is this?", reply_to=shown)
    await wait_until(lambda: got)
    assert got == [PNG]
    with pytest.raises(ValueError, match="no event is being handled here"):
        await MessageSegment.image("img_1").download(bot)


async def test_the_sandbox_gives_out_no_files_of_cards_and_recalled_messages(sandbox, bot, user, chat):
    sandbox.world.files["img_1"] = StoredFile("img_1", "image", "image", PNG, APP)
    card = await sandbox.say(user, chat, {"elements": [{"tag": "img", "img_key": "img_1"}]}, msg_type="interactive")
    gone = await sandbox.say(user, chat, {"image_key": "img_1"}, msg_type="image")
    gone.deleted = True
    for message, code in ((card, 234043), (gone, 230110)):
        with pytest.raises(ActionFailed) as caught:
            await bot.download(MessageSegment.image("img_1"), message.message_id)
        assert caught.value.code == code


async def test_B15_a_divider_goes_out_in_private_chats(sandbox, bot, user, chat, matchers):
    """Before: no segment of the type system could be sent."""
    group = sandbox.add_chat("team", members=[user], apps=[APP])
    failed: list[str] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(bot: Bot, event: MessageEvent):
        divider = MessageSegment.divider("New session", {"zh_CN": "新会话"}, need_rollup=True)
        assert str(divider) == "New session"
        try:
            await bot.send(event, divider, reply_message=True)
        except ValueError as error:
            failed.append(str(error))

    await sandbox.say(user, chat, "new")
    [sent] = await sandbox.wait_message(chat)
    assert (sent.msg_type, sent.parent_id) == ("system", None)
    assert json.loads(sent.content)["divider_text"] == {"text": "New session", "i18n_text": {"zh_cn": "新会话"}}
    await sandbox.say(user, group, "new", at=[APP])
    await wait_until(lambda: failed)
    assert failed == ["Feishu shows a divider in private chats only: leave it out in groups"]
    # Nor does Feishu take it there, as a reply, or without its scope.
    [content] = [out.content for out in render(MessageSegment.divider("x") + "")]
    for send in (
        lambda: bot.send_to(group.chat_id, MessageSegment.divider("x")),
        lambda: bot.reply_msg(sent.message_id, content, "system"),
    ):
        with pytest.raises(ActionFailed, match="230001"):
            await send()
    sandbox.world.apps[APP].scopes -= {"im:message:send_sys_msg"}
    with pytest.raises(ActionFailed, match="im:message:send_sys_msg"):
        await bot.send_to(chat.chat_id, MessageSegment.divider("x"))


def test_a_received_divider_can_be_sent_and_no_other_system_message():
    received = {"template": "{divider_text}", "from_user": [], "to_chatters": []}
    received["divider_text"] = {"text": "新会话", "i18n_text": {"zh_cn": "新会话", "en_us": "New Session"}}
    message = parse("system", json.dumps(received))
    assert str(message) == "新会话"
    [out] = render(message)
    texts = {"text": "新会话", "i18n_text": {"zh_CN": "新会话", "en_US": "New Session"}}
    assert (out.msg_type, json.loads(out.content)) == ("system", {"type": "divider", "params": {"divider_text": texts}})
    with pytest.raises(UnsupportedSegment, match="cannot send"):
        render(parse("system", '{"template": "{from_user} invited {to_chatters} to this chat."}'))


@pytest.mark.parametrize("text", ["", "x" * 21, "新" * 11])
def test_a_divider_is_short(text):
    with pytest.raises(UnsupportedSegment, match="1 to 20 characters"):
        render(MessageSegment.divider(text) + "")
    with pytest.raises(UnsupportedSegment, match="1 to 20 characters"):
        render(MessageSegment.divider("x", {"zh_CN": text}) + "")
