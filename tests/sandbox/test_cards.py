"""Cards in the sandbox: what it refuses, clicks with their answers, the delayed update."""

import asyncio
import json
import time

import aiohttp
import pytest

from nonebot_adapter_feishu_ws.card import Button, Card, Markdown, Template, card_response
from tests.conftest import APP, SECRET, wait_until

from .raw_bot import raw_bot

CARD = Card([Button("Go", value={"k": "v"})]).to_dict()


@pytest.fixture
async def call(sandbox):
    async with aiohttp.ClientSession(sandbox.url) as http:
        path = "/open-apis/auth/v3/tenant_access_token/internal"
        async with http.post(path, json={"app_id": APP, "app_secret": SECRET}) as response:
            headers = {"Authorization": "Bearer " + (await response.json())["tenant_access_token"]}

        async def run(path: str, **options):
            async with http.post(f"/open-apis/{path}", headers=headers, **options) as response:
                return await response.json()

        yield run


@pytest.fixture
def user(sandbox):
    return sandbox.add_user("Li Lei")


@pytest.fixture
async def send(sandbox, call, user):
    chat = sandbox.add_chat("Group", members=[user], apps=[APP])

    async def run(card: dict):
        body = {"receive_id": chat.chat_id, "msg_type": "interactive", "content": json.dumps(card)}
        answer = await call("im/v1/messages", params={"receive_id_type": "chat_id"}, json=body)
        return sandbox.world.messages[answer["data"]["message_id"]] if answer["code"] == 0 else answer

    return run


def v2(elements: object, **more: object) -> dict:
    return {"schema": "2.0", "body": {"elements": elements}, **more}


HR = {"tag": "hr"}


@pytest.mark.parametrize(
    ("card", "code", "says"),
    [
        (v2({}), 230099, "ErrCode: 200621"),
        ({"schema": "3.0"}, 230099, "ErrCode: 200621"),
        ({"elements": {}}, 230099, "ErrCode: 200621"),
        ({"schema": "2.0", "elements": [HR]}, 230099, "ErrCode: 200621"),
        (v2([{"tag": "action", "actions": []}]), 230099, "ErrCode: 200861"),
        (v2([HR] * 201), 230099, "element exceeds the limit"),
        (v2([{"tag": "markdown", "content": "![a](https://x/y.png)"}]), 230099, "ErrCode: 200570"),
        ({"elements": [{"tag": "img", "img_key": "https://x/y.png"}]}, 230099, "image key https://x/y.png"),
        (v2([{"tag": "table", "columns": [], "rows": []}] * 6), 230099, "card table number over limit"),
        (v2([{**HR, "element_id": "a"}] * 2), 230099, "Duplicate element_id"),
        (v2([{"tag": "input", "name": "a"}] * 2), 230099, "name(a) duplicate"),
        ({"type": "template", "data": {}}, 230099, "ErrCode: 200380"),
        (v2([{"tag": "markdown", "content": "x" * 31_000}]), 230025, "reaches its limit"),
    ],
)
async def test_it_refuses_what_feishu_refuses(send, card, code, says):
    answer = await send(card)
    assert answer["code"] == code
    assert says in answer["msg"]


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"elements": [HR]},
        v2([HR] * 200),
        v2([{"tag": "button", "behaviors": [{"type": "callback", "value": {"tag": "hr", "element_id": "a"}}]}] * 100),
        Template("AAq").to_dict(),
    ],
)
async def test_it_takes_what_feishu_takes(send, card):
    assert (await send(card)).msg_type == "interactive"


async def test_a_click_reaches_the_bot_and_its_answer_is_shown(sandbox, send, user):
    events: list[dict] = []
    done = Card([Markdown("done")])

    async def answer(event):
        events.append(event)
        return card_response("well done", done)

    message = await send(CARD)
    async with raw_bot(sandbox.url, answer):
        click = await sandbox.click(user, message, {"k": "v"}, name="go", form_value={"a": "b"})
    assert (click.toast, click.error) == ({"type": "info", "content": "well done"}, None)
    assert json.loads(message.content) == done.to_dict()
    assert click.delivery.transport == "websocket"
    header, event = events[0]["header"], events[0]["event"]
    assert header["event_type"] == "card.action.trigger"
    assert len(header["create_time"]) == 16
    assert event["operator"]["open_id"] == user.open_id
    assert event["action"]["value"] == {"k": "v"}
    assert event["action"]["form_value"] == {"a": "b"}
    assert (event["action"]["tag"], event["action"]["name"], event["host"]) == ("button", "go", "im_message")
    assert event["context"] == {"open_message_id": message.message_id, "open_chat_id": message.chat_id}
    assert event["token"] == click.token


async def test_the_official_sdk_reads_the_callback(sandbox, send, user):
    from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTrigger

    seen: list[P2CardActionTrigger] = []

    async def answer(event):
        seen.append(P2CardActionTrigger(event))
        return {}

    async with raw_bot(sandbox.url, answer):
        await sandbox.click(user, await send(CARD), tag="select_static", option="a")
    event = seen[0].event
    assert event is not None
    assert event.action is not None
    assert event.operator is not None
    assert (event.action.tag, event.action.option, event.operator.open_id) == ("select_static", "a", user.open_id)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"card": {"type": "raw", "data": v2([HR] * 201)}}, "element exceeds the limit"),
        ({"card": {"schema": "2.0"}}, '"card" must be'),
        ({"card": "x"}, '"card" must be'),
        ({"code": 500}, "the bot answered with 500"),
    ],
)
async def test_a_wrong_answer_changes_nothing_and_says_why(sandbox, send, user, given, error):
    async def answer(_):
        return dict(given)

    message = await send(CARD)
    async with raw_bot(sandbox.url, answer):
        click = await sandbox.click(user, message, {})
    assert error in click.error
    assert json.loads(message.content) == CARD


async def test_a_callback_without_an_answer_comes_once_and_fails_after_three_seconds(sandbox, send, user, monkeypatch):
    from nonebot_adapter_feishu_ws.sandbox import gateway
    from nonebot_adapter_feishu_ws.sandbox.rest import cards

    assert gateway.ACK_TIMEOUT == cards.ACK_TIMEOUT == 3.0
    monkeypatch.setattr(cards, "ACK_TIMEOUT", 0.2)
    monkeypatch.setattr(gateway, "ACK_TIMEOUT", 0.2)
    events: list[dict] = []

    async def answer(event):
        events.append(event)

    async with raw_bot(sandbox.url, answer):
        click = await sandbox.click(user, await send(CARD), {})
        await wait_until(lambda: not sandbox.gateway._pending)
    assert click.error == "the bot did not answer within 3 s"
    assert len(events) == click.delivery.attempts == 1


async def test_only_cards_of_bots_are_clicked(sandbox, user):
    chat = sandbox.add_chat("Group", members=[user], apps=[APP])
    with pytest.raises(ValueError, match="only a card"):
        await sandbox.click(user, await sandbox.say(user, chat, "hi"), {})


async def test_the_delayed_update(sandbox, send, user, call):
    early: list[dict] = []
    new = v2([{"tag": "markdown", "content": "later"}])

    async def answer(event):
        early.append(await call("interactive/v1/card/update", json={"token": event["event"]["token"], "card": new}))
        return {}

    message = await send(CARD)
    async with raw_bot(sandbox.url, answer):
        click = await sandbox.click(user, message, {})
    assert early[0]["code"] == 200810

    async def update(token=click.token, card=new):
        return (await call("interactive/v1/card/update", json={"token": token, "card": card}))["code"]

    assert await update(token="x") == 300020
    assert await update(token="c-unknown") == 300030
    assert await update(card="x") == 10002
    assert await update(card=v2({})) == 11311
    assert await update(card={"elements": []}) == 300090
    assert json.loads(message.content) == CARD
    assert await update() == 0
    assert json.loads(message.content) == new
    assert await update(card={"elements": [HR], "open_ids": [user.open_id]}) == 0
    assert json.loads(message.content) == {"elements": [HR]}
    assert await update() == 300040


async def test_a_token_ends_after_thirty_minutes_and_with_the_message(sandbox, send, user, call):
    async def answer(_):
        return {}

    message = await send(CARD)
    async with raw_bot(sandbox.url, answer):
        first, second = [await sandbox.click(user, message, {}) for _ in range(2)]

    async def update(click):
        return (await call("interactive/v1/card/update", json={"token": click.token, "card": CARD}))["code"]

    now = time.time()
    first.clicked_at = now - 1801
    assert await update(first) == 300030
    message.deleted = True
    assert await update(second) == 200000


async def test_a_click_by_the_control_api(sandbox, send, user):
    async def answer(_):
        return card_response("ok")

    message = await send(CARD)
    async with aiohttp.ClientSession(sandbox.url) as http, raw_bot(sandbox.url, answer):
        body = {"user": user.open_id, "message": message.message_id, "tag": "button", "value": {"k": "v"}}
        path = "/sandbox/v1/actions/click"
        async with http.post(path, json=body) as response:
            shown = await response.json()
            assert (shown["toast"], shown["error"]) == ({"type": "info", "content": "ok"}, None)
        async with http.post(path, json={**body, "message": "om_x"}) as response:
            assert response.status == 404
        async with http.post(path, json=body, headers={"Origin": "https://evil.example"}) as response:
            assert response.status == 403


async def test_a_click_by_webhook(sandbox, send, user):
    from aiohttp import web

    async def take(request: web.Request) -> web.Response:
        event = await request.json()
        assert event["event"]["action"]["value"] == {"k": "v"}
        return web.json_response(card_response("by webhook"))

    app = web.Application()
    app.add_routes([web.post("/hook", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sandbox.world.apps[APP].webhook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    click = await asyncio.wait_for(sandbox.click(user, await send(CARD), {"k": "v"}), 30)
    await runner.cleanup()
    assert click.toast == {"type": "info", "content": "by webhook"}
    assert click.delivery.transport == "webhook"
