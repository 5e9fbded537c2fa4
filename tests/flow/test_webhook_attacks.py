"""Forged, old, repeated, huge and slow deliveries to the webhook of a bot, on a real server behind its body limit."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from nonebot_adapter_feishu_ws.sandbox.events import build_request
from nonebot_adapter_feishu_ws.server import body_limit
from tests.conftest import APP, wait_until
from tests.flow.test_trouble import person
from tests.flow.test_webhook import KEY, TOKEN, post, webhook
from tests.server.test_body_limit import HUGE, PIECE, raw

Saw = Callable[[str], None]


def payload(sandbox, event_id: str, token: str = TOKEN) -> bytes:
    user, chat = person(sandbox)
    message = {"message_id": f"om_{event_id}", "chat_id": chat.chat_id, "chat_type": "p2p", "message_type": "text"}
    event = {
        "sender": {"sender_id": {"open_id": user.open_id}},
        "message": {**message, "content": json.dumps({"text": event_id})},
    }
    header = {"event_id": event_id, "event_type": "im.message.receive_v1", "token": token}
    return json.dumps({"schema": "2.0", "header": header, "event": event}).encode()


@pytest.mark.fault(32)
async def test_what_is_forged_or_old_is_refused_and_makes_no_event(sandbox, run_adapter, heard, logs, saw: Saw):
    async with webhook(run_adapter, sandbox, use_websocket=False, encrypt_key=KEY, verification_token=TOKEN) as url:
        app = sandbox.world.apps[APP]

        def signed(event_id: str, token: str = TOKEN, *, at: float = 0.0) -> tuple[bytes, dict[str, str]]:
            return build_request(app, payload(sandbox, event_id, token), time.time() + at)

        body, headers = signed("forged")
        attacks: dict[str, tuple[bytes, dict[str, str]]] = {
            "wrong signature": (body, {**headers, "X-Lark-Signature": "0" * 64}),
            "no signature": (body, {}),
            "another body": (signed("other")[0], headers),
            "timestamp an hour old": signed("old", at=-3600),
            "timestamp an hour ahead": signed("new", at=3600),
            "wrong token": signed("token", "wrong"),
            "plaintext": (payload(sandbox, "plain"), {}),
            "no JSON": (b"not json", headers),
        }
        seen = {
            name: {(await post(url, data, **fields))[0] for _ in range(5)} for name, (data, fields) in attacks.items()
        }
        handled = list(heard)
        body, headers = signed("genuine")
        assert (await post(url, body, **headers))[0] == 200
        await wait_until(lambda: heard)
    statuses = {name: status for name, [status] in seen.items()}
    assert all(400 <= status < 500 for status in statuses.values()), statuses
    assert handled == []
    assert heard == ["genuine"]
    lines = [line for line in logs if "refused a delivery" in line]
    assert len(lines) <= len(attacks), "said once per kind"
    told = ", ".join(f"{name} {status}" for name, status in statuses.items())
    saw(f"{told}, five times each: {len(handled)} handled, {len(lines)} log lines; then a genuine one: handled")


@pytest.mark.fault(32)
async def test_a_captured_request_makes_no_second_event(sandbox, run_adapter, heard, saw: Saw):
    async with webhook(run_adapter, sandbox, use_websocket=False, encrypt_key=KEY, verification_token=TOKEN) as url:
        body, headers = build_request(sandbox.world.apps[APP], payload(sandbox, "captured"), time.time())
        statuses = [(await post(url, body, **headers))[0] for _ in range(5)]
        await wait_until(lambda: heard)
    assert heard == ["captured"]
    saw(f"the same request (timestamp, nonce, signature) five times: {statuses}, handled {len(heard)} time")


@pytest.mark.fault(32)
async def test_huge_and_slow_bodies_are_given_up(sandbox, run_adapter, heard, monkeypatch, saw: Saw):
    monkeypatch.setattr(body_limit, "MAX_SECONDS", 0.3)
    async with webhook(run_adapter, sandbox, use_websocket=False, verification_token=TOKEN) as url:
        base, path = url[: -len(f"/feishu/{APP}")], f"/feishu/{APP}"
        told: list[Any] = []
        for name, header, pieces in (
            ("100 MB announced", f"Content-Length: {HUGE}", 0),
            ("100 MB in chunks", "Transfer-Encoding: chunked", HUGE // len(PIECE)),
            ("announced, never sent", "Content-Length: 1000", 0),
        ):
            status, sent = await raw(base, path, header, pieces, chunked="chunked" in header)
            assert status in (408, 413)
            assert sent < HUGE // 2
            told.append(f"{name}: {status} after {sent / 1e6:.1f} MB")
        assert (await post(url, payload(sandbox, "genuine")))[0] == 200
        await wait_until(lambda: heard)
    assert heard == ["genuine"]
    saw(f"{'; '.join(told)}; the next request is handled")
