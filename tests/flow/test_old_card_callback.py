"""A click that comes as the old generation of card callbacks: refused with the name of what to subscribe to."""

import hashlib
import json

import pytest

from nonebot_adapter_feishu_ws.sandbox.events import encrypt
from tests.conftest import APP, wait_until
from tests.flow.test_webhook import KEY, TOKEN, post, webhook

ADVICE = "add 卡片回传交互 (card.action.trigger)"
OLD = {
    "open_id": "ou_1",
    "user_id": "u1",
    "open_message_id": "om_1",
    "open_chat_id": "oc_1",
    "tenant_key": "t",
    "token": "c-1",
    "action": {"value": {"vote": "yes"}, "tag": "button"},
}
WITH_HEADER = {"schema": "2.0", "header": {"event_type": "card.action.trigger_v1", "token": TOKEN}, "event": OLD}


@pytest.mark.parametrize("body", [OLD, WITH_HEADER])
async def test_by_webhook_the_answer_and_the_log_say_what_to_subscribe_to(sandbox, run_adapter, logs, body):
    async with webhook(run_adapter, sandbox, use_websocket=False, verification_token=TOKEN) as url:
        status, answer = await post(url, json.dumps(body).encode())
    assert (status, answer["success"]) == (400, False)
    assert ADVICE in answer["error"]
    assert any(ADVICE in line for line in logs)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_with_an_encrypt_key_it_is_known_by_its_body_or_its_signature(sandbox, run_adapter, encrypted):
    async with webhook(run_adapter, sandbox, use_websocket=False, encrypt_key=KEY) as url:
        raw = json.dumps({"encrypt": encrypt(KEY, json.dumps(OLD).encode())} if encrypted else OLD).encode()
        signature = hashlib.sha1(b"1700000000nonce" + TOKEN.encode() + raw).hexdigest()
        headers = {"X-Lark-Request-Timestamp": "1700000000", "X-Lark-Request-Nonce": "nonce"}
        status, answer = await post(url, raw, **headers, **{"X-Lark-Signature": signature})
    assert status == 401
    assert ADVICE in answer["error"]


@pytest.mark.parametrize("body", [OLD, WITH_HEADER])
async def test_over_the_long_connection_the_log_says_it(sandbox, run_adapter, logs, body):
    async with run_adapter():
        await sandbox.push_raw(APP, json.dumps(body).encode(), type_="card")
        await wait_until(lambda: any(ADVICE in line for line in logs))
