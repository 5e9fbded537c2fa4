"""The control API, as a page or a test in another language calls it."""

import asyncio
import json
import socket

import aiohttp
import pytest

from tests.conftest import APP, wait_until
from tests.sandbox.raw_bot import raw_bot


class Client:
    def __init__(self, session, sandbox):
        self.session, self.sandbox = session, sandbox

    async def __call__(self, method, path, status=200, **options):
        async with self.session.request(method, f"/sandbox/v1/{path}", **options) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json() if answer.content_type == "application/json" else await answer.text()

    async def act(self, name, status=200, /, **arguments):
        return await self("POST", f"actions/{name}", status, json=arguments)


@pytest.fixture
async def control(sandbox):
    sandbox.populate_default()
    async with aiohttp.ClientSession(sandbox.url) as session:
        yield Client(session, sandbox)


async def answer_all(event):
    return {}


async def test_one_table_serves_python_and_http(control):
    chat = (await control("GET", "state"))["chats"][0]
    ann = (await control.act("add_user", name="Ann", role="engineer"))["user"]
    assert ann["role"] == "engineer"
    group = (await control.act("create_group", user="Ann", name="New", members=["You"], apps=[APP]))["chat"]
    sent = (await control.act("say", user=ann["open_id"], chat=group["chat_id"], content="hi", at=[APP]))["message"]
    assert json.loads(sent["body"]["content"]) == {"text": "@_user_1 hi"}
    assert sent["mentions"][0]["name"] == "Bot A"
    await control.act("react", user="You", message=sent["message_id"], emoji_type="SMILE")
    await control.act("edit", user="Ann", message=sent["message_id"], content="ho")
    await control.act("say", user="You", chat=group["chat_id"], content="why?", reply_to=sent["message_id"])
    await control.act("read", user="You", chat=group["chat_id"])
    first, second = (await control("GET", f"chats/{group['chat_id']}/messages"))["messages"]
    assert first["reactions"] == [{"emoji_type": "SMILE", "by": [{"id": chat["members"][0], "name": "You"}]}]
    assert (first["sender_name"], first["edited"], first["recalled"]) == ("Ann", True, False)
    assert first["read_by"] == [chat["members"][0]]
    assert second["quote"]["sender_name"] == "Ann"
    state = await control("GET", "state")
    assert state["chats"][0]["name"] == "New"
    assert state["chats"][0]["unread"] == {ann["open_id"]: 1, chat["members"][0]: 0}
    await control.act("recall", user="Ann", message=sent["message_id"])
    page = await control("GET", f"chats/{group['chat_id']}/messages", params={"limit": 1, "before": second["number"]})
    [recalled] = page["messages"]
    assert (recalled["recalled"], recalled["body"]["content"], page["has_more"]) == (True, "", False)


@pytest.mark.parametrize(
    ("name", "arguments", "status", "says"),
    [
        ("sey", {}, 404, "did you mean 'say'?"),
        ("react", {"emoji": "SMILE"}, 400, "did you mean 'emoji_type'?"),
        ("react", {}, 400, "react needs user and message and emoji_type"),
        ("enter_chat", {"user": "Nobody", "app_id": APP}, 404, "a person: an open_id or a name"),
        ("enter_chat", {"user": "You", "app_id": "cli_none"}, 404, "there is no app 'cli_none'"),
        ("create_group", {"user": "You", "name": "x", "mode": "big"}, 400, "one of p2p, group, topic"),
        ("create_group", {"user": "You", "name": 7}, 400, "name must be str, not 7"),
        ("stop", {}, 404, "there is no 'stop'"),
    ],
)
async def test_a_wrong_call_says_what_would_be_right(control, name, arguments, status, says):
    assert says in (await control.act(name, status, **arguments))["error"]


async def test_a_file_is_uploaded_by_a_form(control):
    chat = (await control("GET", "state"))["chats"][0]
    form = aiohttp.FormData({"user": "You", "chat": chat["chat_id"], "kind": "file"})
    form.add_field("file", b"a,b", filename="table.csv")
    message = (await control("POST", "actions/send_file", data=form))["message"]
    content = json.loads(message["body"]["content"])
    assert content["file_name"] == "table.csv"
    assert await control("GET", f"files/{content['file_key']}") == "a,b"


async def test_strangers_are_refused(control):
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert "loopback" in await control("GET", "state", 403, headers=headers)
        assert "loopback" in await control("POST", "actions/say", 403, headers=headers, data="{}")
    assert "not JSON" in (await control("POST", "actions/say", 400, data="{"))["error"]


class Reader:
    """Reads server-sent events."""

    def __init__(self, response):
        self.response = response

    async def next(self, kind=None):
        while True:
            fields = {}
            while line := (await asyncio.wait_for(self.response.content.readline(), 10)).decode().rstrip("\n"):
                name, _, value = line.partition(": ")
                fields[name] = value
            if "event" in fields and kind in (None, fields["event"]):
                return fields["event"], fields["id"], json.loads(fields["data"])


async def test_the_stream_tells_changes_and_resumes(control, sandbox):
    you = next(iter(sandbox.world.users.values()))
    chat = sandbox.p2p(you, APP)
    async with control.session.get("/sandbox/v1/stream") as response:
        reader = Reader(response)
        message = await sandbox.say(you, chat, "one")
        _, number, data = await reader.next("message")
        assert data["message"]["sender_name"] == "You"
    await sandbox.edit(you, message, "two")
    async with control.session.get("/sandbox/v1/stream", headers={"Last-Event-ID": number}) as response:
        _, _, data = await Reader(response).next("message")
        assert json.loads(data["message"]["body"]["content"]) == {"text": "two"}
    for _ in range(2_100):
        sandbox.world.feed.add("chat", chat.chat_id)
    async with control.session.get("/sandbox/v1/stream", headers={"Last-Event-ID": number}) as response:
        assert (await Reader(response).next())[0] == "reload"


async def test_the_stream_tells_troubles(control):
    async with control.session.get("/sandbox/v1/stream") as response:
        await control("POST", "faults", json={"name": "duplicates", "copies": 3})
        _, _, data = await Reader(response).next("fault")
        assert data["fault"]["faults"] == [{"name": "duplicates", "copies": 3}]


async def test_a_killed_bot_is_offline_at_once_and_nothing_typed_is_lost(control, sandbox):
    you = next(iter(sandbox.world.users.values()))
    heard = []

    async def hear(event):
        heard.append(json.loads(event["event"]["message"]["content"])["text"])
        return {}

    async with control.session.get("/sandbox/v1/stream") as response:
        reader = Reader(response)
        async with raw_bot(sandbox.url, hear):
            assert (await reader.next("app"))[2]["app"]["online"] is True
        assert (await reader.next("app"))[2]["app"]["online"] is False
    for text in ("a", "b"):
        await sandbox.say(you, sandbox.p2p(you, APP), text)
    await wait_until(lambda: sandbox.gateway.waiting(APP) == 2)
    assert (await control("GET", "state"))["apps"][0]["waiting"] == 2
    async with raw_bot(sandbox.url, hear):
        await wait_until(lambda: len(heard) == 2)
    assert heard == ["a", "b"]


async def test_troubles_have_names_and_an_end(control, sandbox):
    add = lambda **given: control("POST", "faults", json=given)  # noqa: E731
    await add(name="duplicates", copies=3)
    await add(name="slow_acks", seconds=1)
    faults = (await add(name="refuse", code=230020, times=2))["faults"]
    assert {"place": "im/v1/messages", "times": 2, "code": 230020} in faults
    assert "did you mean 'duplicates'?" in (await control("POST", "faults", 404, json={"name": "duplicate"}))["error"]
    sandbox.gateway.ack_delay = 0.0
    you, heard = next(iter(sandbox.world.users.values())), []

    async def hear(event):
        heard.append(event["header"]["event_id"])
        return {}

    async with raw_bot(sandbox.url, hear):
        await sandbox.say(you, sandbox.p2p(you, APP), "x")
        await wait_until(lambda: len(heard) == 3)
        await add(name="half_open", app_id=APP)
        assert {"name": "half_open", "app_id": APP} in (await control("GET", "faults"))["faults"]
    assert len(set(heard)) == 1
    assert (await control("DELETE", "faults"))["faults"] == []


@pytest.mark.parametrize(("name", "error"), [("bad_dns", socket.gaierror), ("bad_tls", aiohttp.ClientSSLError)])
async def test_a_socket_address_that_does_not_work(control, sandbox, name, error):
    await control("POST", "faults", json={"name": name})
    with pytest.raises((error, aiohttp.ClientConnectorError)):
        async with raw_bot(sandbox.url, answer_all):
            pass
    async with raw_bot(sandbox.url, answer_all):
        await sandbox.wait_connected(APP)
