"""The journal: what passed, without secrets, again and as a test."""

import ast
import json

import pytest

from nonebot_adapter_feishu_ws.sandbox.control.as_test import as_test
from nonebot_adapter_feishu_ws.sandbox.feed import Feed
from nonebot_adapter_feishu_ws.sandbox.journal import KEPT, Journal
from tests.conftest import APP, SECRET, wait_until
from tests.sandbox.raw_bot import raw_bot
from tests.sandbox.test_control import control as control_fixture

control = control_fixture


async def entries(control, kind):
    return (await control("GET", "journal", params={"kind": kind}))["entries"]


async def test_events_frames_and_calls_are_kept_without_secrets(control, sandbox):
    you = next(iter(sandbox.world.users.values()))
    sandbox.world.apps[APP].verification_token = "verification-token-secret"

    async def hear(event):
        return {}

    async with raw_bot(sandbox.url, hear):
        await (await sandbox.push(APP, "x.y_v1", {"said": SECRET})).wait()
        await sandbox.say(you, sandbox.p2p(you, APP), "hello")
        await wait_until(lambda: all(each.subject.done.is_set() for each in sandbox.gateway.journal.entries("event")))
    said, pushed = await entries(control, "event")
    assert (said["event_type"], said["attempts"], said["ack_code"], said["state"]) == (
        "im.message.receive_v1",
        1,
        200,
        "acked",
    )
    assert said["transport"] == "websocket"
    assert said["latency"] >= 0
    assert pushed["event"]["event"]["said"] == "***"
    frames = await entries(control, "frame")
    assert {each["direction"] for each in frames} == {"in", "out"}
    token = {"app_id": APP, "app_secret": SECRET}
    async with control.session.post("/open-apis/auth/v3/tenant_access_token/internal", json=token) as answer:
        bearer = (await answer.json())["tenant_access_token"]
    body = {"receive_id": you.open_id, "msg_type": "text", "content": '{"text": "x"}', "uuid": "u1"}
    for _ in range(2):
        headers = {"Authorization": f"Bearer {bearer}"}
        query = {"receive_id_type": "open_id"}
        options = {"params": query, "json": body, "headers": headers}
        async with control.session.post("/open-apis/im/v1/messages", **options) as answer:
            assert (await answer.json())["code"] == 0
    again, first, issued = await entries(control, "rest")
    assert (again["uuid"], again["uuid_seen"], again["status"], again["answer"]["code"]) == ("u1", 2, 200, 0)
    assert first["json"]["uuid"] == "u1"
    assert issued["answer"]["tenant_access_token"] == "***"
    async with control.session.get("/sandbox/v1/journal", params={"limit": 500}) as answer:
        text = await answer.text()
    assert [secret for secret in (SECRET, bearer, "verification-token-secret") if secret in text] == []


async def test_an_event_is_sent_again_and_edited(control, sandbox):
    you, heard = next(iter(sandbox.world.users.values())), []

    async def hear(event):
        heard.append(event)
        return {}

    async with raw_bot(sandbox.url, hear):
        await sandbox.say(you, sandbox.p2p(you, APP), "hello")
        await wait_until(lambda: len(heard) == 1)
        [entry] = await entries(control, "event")
        await control("POST", f"journal/{entry['number']}/again", json={"same_id": True})
        await wait_until(lambda: len(heard) == 2)
        await control("POST", f"journal/{entry['number']}/again", json={"event": {"edited": 1}})
        await wait_until(lambda: len(heard) == 3)
    first, same, edited = heard
    assert first == same or first["header"]["event_id"] == same["header"]["event_id"]
    assert (edited["event"], edited["header"]["event_id"] != first["header"]["event_id"]) == ({"edited": 1}, True)
    await control("POST", "journal/99999/again", 404, json={})
    [frame, *_] = await entries(control, "frame")
    assert "is no event" in (await control("POST", f"journal/{frame['number']}/again", 400, json={}))["error"]


async def test_a_click_that_nobody_answers_is_said(control, sandbox):
    you = next(iter(sandbox.world.users.values()))
    chat, world = sandbox.p2p(you, APP), sandbox.world
    card = world.add_message(world.new_message(chat, APP, "app", "interactive", '{"elements": []}'))

    async def silent(event):
        return {}

    async with raw_bot(sandbox.url, silent):
        await sandbox.click(you, card, {"a": 1})
    [click] = await entries(control, "click")
    assert click["trouble"].startswith("nobody answered")


async def test_an_event_becomes_a_test(control, sandbox):
    you, world = next(iter(sandbox.world.users.values())), sandbox.world
    chat = sandbox.p2p(you, APP)
    await sandbox.say(you, chat, "/weather 上海")
    world.add_message(world.new_message(chat, APP, "app", "text", '{"text": "雨"}'))
    [entry] = await entries(control, "event")
    source = await control("GET", f"journal/{entry['number']}/test")
    ast.parse(source)
    assert source == (
        "async def test_weather(feishu_sandbox):\n"
        "    chat = feishu_sandbox.private_chat('You')\n"
        "    await chat.say('/weather 上海')\n"
        "    reply = await chat.reply()\n"
        "    assert reply.text == '雨'\n"
    )


@pytest.mark.parametrize("hostile", ["'''\n__import__('os')", '"); x("', "\\"])
def test_hostile_texts_stay_texts(hostile):
    event = {"header": {"event_type": "im.message.receive_v1"}}
    event["event"] = {"message": {"message_type": "text", "content": json.dumps({"text": hostile})}}
    source = as_test(event, hostile, hostile, [hostile])
    calls = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Call)]
    assert len(calls) == 3


def test_each_kind_is_bounded_by_itself():
    journal = Journal(Feed())
    number = journal.add("event", APP, object(), 0.0)
    for _ in range(KEPT["frame"] + 10):
        journal.add("frame", APP, object(), 0.0)
    assert journal.find(number) is not None
    assert len(list(journal.entries("frame"))) == KEPT["frame"]


async def test_a_report_is_taken_and_explained(control, sandbox):
    report = {"app_id": APP, "event_id": "e", "pid": 7, "silence": ["no_answer"]}
    report["ran"] = [{"matcher": "a:1", "sent": 0}]
    await control("POST", "reports", json=report)
    [shown] = await entries(control, "plugin")
    assert (shown["ran"][0]["matcher"], shown["words"]) == (
        "a:1",
        ["matchers ran and ended without sending anything"],
    )
    assert sandbox.world.apps[APP].pid == 7
    assert "no report" in (await control("POST", "reports", 400, json={"app_id": APP}))["error"]
