"""The webhook on a real FastAPI server: proofs, and the same intake as the socket."""

import json
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest
from nonebot import on_message
from nonebot.drivers.fastapi import Driver as FastAPIDriver

from nonebot_adapter_feishu_ws import Event
from nonebot_adapter_feishu_ws.sandbox.events import build_request, deliver
from tests.conftest import APP, SECRET, serving

TOKEN, KEY = "verification-token-1", "encrypt-key-1"


@pytest.fixture
def heard(matchers):
    texts: list[str] = []
    matcher = on_message(block=True)
    matchers(matcher)

    @matcher.handle()
    async def _(event: Event):
        texts.append(event.get_plaintext())
        await matcher.send(f"heard {event.get_plaintext()}")

    return texts


@asynccontextmanager
async def webhook(run_adapter, sandbox, **bot):
    """An adapter behind a real server; yields the URL of its webhook."""
    app = sandbox.world.apps[APP]
    app.verification_token, app.encrypt_key = bot.get("verification_token"), bot.get("encrypt_key")
    bots = [{"app_id": APP, "app_secret": SECRET, **bot}]
    async with run_adapter(bots, driver=FastAPIDriver) as adapter, serving(adapter) as url:
        app.webhook_url = f"{url}/feishu/{APP}"
        yield app.webhook_url


@pytest.mark.parametrize(
    "secrets",
    [{"verification_token": TOKEN}, {"encrypt_key": KEY}, {"verification_token": TOKEN, "encrypt_key": KEY}],
)
async def test_a_message_by_webhook_is_answered(sandbox, run_adapter, heard, secrets):
    user = sandbox.add_user("Li Lei")
    private = sandbox.p2p(user, APP)
    group = sandbox.add_chat("Group", members=[user], apps=[APP])
    topic = sandbox.add_chat("Topics", mode="topic", members=[user], apps=[APP])
    async with webhook(run_adapter, sandbox, use_websocket=False, **secrets):
        await sandbox.say(user, private, "by webhook")
        [answer] = await sandbox.wait_message(private)
        await sandbox.say(user, group, "in a group", at=[APP])
        [in_group] = await sandbox.wait_message(group)
        question = await sandbox.say(user, topic, "in a topic")
        [in_topic] = await sandbox.wait_message(topic)
    assert "by webhook" in answer.content
    assert in_group.content == '{"text": "heard in a group"}'
    assert in_topic.thread_id == question.thread_id


@pytest.mark.fault(21)
async def test_socket_and_webhook_deliver_the_same_event_once(sandbox, run_adapter, heard, saw):
    user = sandbox.add_user("Li Lei")
    ways = (("webhook", "e1"), ("websocket", "e1"), ("websocket", "e2"), ("webhook", "e3"))
    async with webhook(run_adapter, sandbox, verification_token=TOKEN):
        body = {
            "sender": {"sender_id": {"open_id": user.open_id}},
            "message": {
                "message_id": "om_1",
                "chat_id": sandbox.p2p(user, APP).chat_id,
                "chat_type": "p2p",
                "message_type": "text",
                "content": '{"text": "twice"}',
            },
        }
        for transport, event_id in ways:
            delivery = await sandbox.push(APP, "im.message.receive_v1", body, transport=transport, event_id=event_id)
            await delivery.wait()
            assert delivery.transport == transport
        await sandbox.wait_message(sandbox.p2p(user, APP))
    assert heard == ["twice"]
    saw(f"one message as {', '.join(f'{event_id} by {way}' for way, event_id in ways)}: handled {len(heard)} time")


async def post(url: str, body: bytes | dict, **headers: str) -> tuple[int, dict]:
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=headers) as response:
        return response.status, json.loads(await response.read() or b"{}")


async def test_the_challenge_is_answered_only_with_the_right_token(sandbox, run_adapter):
    async with webhook(run_adapter, sandbox, use_websocket=False, verification_token=TOKEN) as url:
        challenge = {"type": "url_verification", "challenge": "c1", "token": TOKEN}
        assert await post(url, challenge) == (200, {"challenge": "c1"})
        status, answer = await post(url, {**challenge, "token": "wrong"})
        assert status == 401
        assert "challenge" not in answer


async def test_the_encrypted_challenge_is_answered(sandbox, run_adapter):
    async with webhook(run_adapter, sandbox, use_websocket=False, encrypt_key=KEY, verification_token=TOKEN):
        payload = json.dumps({"type": "url_verification", "challenge": "c2", "token": TOKEN}).encode()
        async with aiohttp.ClientSession() as session:
            status, answer = await deliver(session, sandbox.world.apps[APP], payload, time.time(), signed=False)
    assert (status, answer) == (200, {"challenge": "c2"})


def event(token: str = TOKEN) -> dict:
    return {"header": {"event_id": "e", "event_type": "x", "token": token}, "event": {}}


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"not json", 400, "not JSON"),
        (b"[]", 400, "not a JSON object"),
        (b"\xff" * 10, 400, "not JSON"),
        (b"[" * 100_000, 400, "nested more than 200 levels"),
        (event(token="wrong"), 401, "token"),
        ({"header": {}, "event": {}}, 401, "token"),
        ({"encrypt": "abc"}, 400, "no encrypt_key"),
        (event(), 200, ""),
    ],
)
async def test_what_cannot_be_trusted_or_read_is_refused(sandbox, run_adapter, logs, body, status, says):
    async with webhook(run_adapter, sandbox, use_websocket=False, verification_token=TOKEN) as url:
        seen, answer = await post(url, body)
        assert seen == status
        assert says in answer.get("error", "")
        unknown, _ = await post(url + "_unknown", event())
        assert unknown == 404
    assert not any(TOKEN in line for line in logs)


async def test_signature_and_freshness_are_checked(sandbox, run_adapter, heard, logs):
    async with webhook(run_adapter, sandbox, use_websocket=False, encrypt_key=KEY) as url:
        app = sandbox.world.apps[APP]
        raw = json.dumps(event()).encode()
        body, headers = build_request(app, raw, time.time())
        assert (await post(url, body, **{**headers, "X-Lark-Signature": "0" * 64}))[0] == 401
        assert (await post(url, body))[0] == 401
        assert (await post(url, raw))[0] == 401, "plaintext, although an encrypt key is configured"
        old_body, old_headers = build_request(app, raw, time.time() - 3600)
        status, answer = await post(url, old_body, **old_headers)
        assert status == 401
        assert "timestamp" in answer["error"]
        assert (await post(url, body, **headers))[0] == 200
    refused = [line for line in logs if "refused a delivery" in line]
    assert len(refused) == 4, "said once per kind"
    assert not any(KEY in line for line in logs)


async def test_a_replayed_delivery_makes_no_event(sandbox, run_adapter, heard, logs):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with webhook(run_adapter, sandbox, use_websocket=False, encrypt_key=KEY) as url:
        sender = {"sender_id": {"open_id": user.open_id}}
        about = {"chat_id": chat.chat_id, "chat_type": "p2p", "message_type": "text", "content": '{"text": "once"}'}
        body = {"sender": sender, "message": {"message_id": "om_replay", **about}}
        header = {"event_id": "replayed", "event_type": "im.message.receive_v1"}
        raw = json.dumps({"schema": "2.0", "header": header, "event": body}).encode()
        signed, headers = build_request(sandbox.world.apps[APP], raw, time.time())
        assert (await post(url, signed, **headers))[0] == 200
        await sandbox.wait_message(chat)
        for _ in range(3):
            status, answer = await post(url, signed, **headers)
            assert status == 401
            assert "replay" in answer["error"]
        again, fresh = build_request(sandbox.world.apps[APP], raw, time.time())
        assert (await post(url, again, **fresh))[0] == 200, "Feishu's own redelivery is signed anew"
    assert heard == ["once"]
    assert len([line for line in logs if "a replay (logged once" in line]) == 1


@pytest.mark.parametrize(
    "event",
    [
        {"schema": "2.0", "header": {"event_id": "e", "event_type": "x.y", "app_id": "cli_other"}, "event": {}},
        {"uuid": "e", "type": "event_callback", "event": {"type": "x", "app_id": "cli_other"}},
    ],
)
async def test_the_event_of_an_app_with_the_same_key_is_not_taken_for_another(sandbox, run_adapter, logs, event):
    async with webhook(run_adapter, sandbox, use_websocket=False, encrypt_key=KEY) as url:
        signed, headers = build_request(sandbox.world.apps[APP], json.dumps(event).encode(), time.time())
        status, answer = await post(url, signed, **headers)
    assert (status, answer["success"]) == (403, False)
    assert "another app" in answer["error"]


BOMBS = {
    "nested lists": (b"[" * 100_000 + b"]" * 100_000, "nested more than"),
    "nested objects": (b'{"a":' * 1000 + b"1" + b"}" * 1000, "nested more than"),
    "nested in an event": (b'{"event":' + b"[" * 1000 + b"]" * 1000 + b"}", "nested more than"),
    "a million keys": (b"{" + b",".join(b'"%d":0' % number for number in range(1_000_000))[:9_000_000], "values"),
    "a huge number": (b'{"a":' + b"9" * 1_000_000 + b"}", "not JSON"),
    "NaN": (b'{"a": NaN}', "not JSON"),
    "Infinity": (b'{"a": -Infinity}', "not JSON"),
}


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_json_bomb_is_answered_with_400(sandbox, run_adapter, encrypted):
    secrets = {"encrypt_key": KEY} if encrypted else {"verification_token": TOKEN}
    async with webhook(run_adapter, sandbox, use_websocket=False, **secrets) as url:
        for name, (bomb, says) in BOMBS.items():
            raw = bomb if len(bomb) < 7_000_000 or not encrypted else bomb[:7_000_000]
            body, headers = build_request(sandbox.world.apps[APP], raw, time.time())
            status, answer = await post(url, body, **headers)
            assert status == 400, name
            assert says in answer["error"], name
        assert (await post(url, b"{}"))[0] in (400, 401), "it still answers"


async def test_half_of_a_character_is_no_reason_to_refuse_a_delivery(sandbox, run_adapter):
    async with webhook(run_adapter, sandbox, use_websocket=False, verification_token=TOKEN) as url:
        raw = json.dumps({**event(), "event": {"text": "\ud83d"}}).encode()
        assert (await post(url, raw))[0] == 200


async def test_a_chat_is_answered_by_webhook_while_the_socket_is_down(sandbox, run_adapter, heard):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with webhook(run_adapter, sandbox, verification_token=TOKEN):
        sandbox.faults.add("discovery", times=-1, status=503)
        await sandbox.disconnect(APP)
        await sandbox.say(user, chat, "still")
        await sandbox.wait_message(chat)
    assert heard == ["still"]
