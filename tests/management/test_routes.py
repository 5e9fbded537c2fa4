"""The control routes on a real server, as ``curl`` sees them."""

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest
from nonebot.drivers.fastapi import Driver as FastAPIDriver

from tests.conftest import APP, SECRET, serving, wait_until

OPERATOR, ONLY_A, ONLY_B = "operator-token-0123456789", "token-of-bot-a-0123456789", "token-of-bot-b-0123456789"
B = "cli_b"
OFF = "cli_off"
FIELDS = {
    *("botId", "state", "transport", "connectedAt", "lastHeartbeat", "lastEventAt"),
    *("attempts", "nextAttemptAt", "error", "errorCode", "advice"),
}


@asynccontextmanager
async def managed(run_adapter, sandbox, *, tokens: dict | None = None, **config):
    sandbox.add_app(B, "secret-of-b")
    bots = [
        {"app_id": APP, "app_secret": SECRET, "name": "Alpha"},
        {"app_id": B, "app_secret": "secret-of-b"},
        {"app_id": OFF, "app_secret": "secret-of-off", "enabled": False},
    ]
    tokens = {OPERATOR: ["*"], ONLY_A: [APP], ONLY_B: [B]} if tokens is None else tokens
    async with (
        run_adapter(bots, driver=FastAPIDriver, connected=False, feishu_management_tokens=tokens, **config) as adapter,
        serving(adapter) as url,
        aiohttp.ClientSession() as session,
    ):
        await wait_until(lambda: {APP, B} <= set(adapter.bots))

        async def call(path: str, token: str | None = OPERATOR, method: str = "GET"):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with session.request(method, f"{url}/feishu/{path}", headers=headers) as response:
                raw = await response.text()
                is_json = "json" in response.content_type
                return response.status, json.loads(raw) if is_json else raw, response.headers

        yield adapter, call


async def test_status_of_one_and_all(sandbox, run_adapter):
    async with managed(run_adapter, sandbox) as (_, call):
        status, body, headers = await call(f"bots/{APP}/ws/status")
        assert status == 200
        assert set(body) == FIELDS
        assert (body["botId"], body["state"], body["transport"]) == (APP, "connected", "websocket")
        assert body["connectedAt"].endswith("Z")
        assert body["error"] is None
        assert headers["Cache-Control"] == "no-store"
        status, body, _ = await call("ws/status")
        assert [one["botId"] for one in body["connections"]] == [APP, B, OFF]
        assert body["connections"][2]["error"] == "Bot is disabled"


async def test_connect_and_disconnect(sandbox, run_adapter):
    async with managed(run_adapter, sandbox) as (adapter, call):
        status, body, _ = await call(f"bots/{APP}/ws/disconnect", method="POST")
        assert (status, body) == (200, {"success": True, "botId": APP, "status": "disconnected"})
        await wait_until(lambda: APP not in adapter.bots)
        assert B in adapter.bots
        assert (await call(f"bots/{APP}/ws/status"))[1]["state"] == "disconnected"
        status, body, _ = await call(f"bots/{APP}/ws/disconnect", method="POST")
        assert (status, body["status"]) == (200, "disconnected"), "twice is fine"
        status, body, _ = await call(f"bots/{APP}/ws/connect", method="POST")
        assert (status, body) == (200, {"success": True, "botId": APP, "status": "connecting"})
        await wait_until(lambda: APP in adapter.bots)
        status, body, _ = await call(f"bots/{APP}/ws/connect", method="POST")
        assert (status, body) == (200, {"success": True, "botId": APP, "status": "connected"})
        assert len(sandbox.gateway.connections[APP]) == 1


@pytest.mark.parametrize(("method", "action"), [("POST", "connect"), ("POST", "disconnect"), ("GET", "status")])
async def test_a_token_neither_sees_nor_steers_another_bot(sandbox, run_adapter, method, action):
    async with managed(run_adapter, sandbox) as (adapter, call):
        not_found = {"success": False, "error": "Bot not found"}
        for token, bot in ((ONLY_B, APP), (ONLY_A, B), (OPERATOR, "cli_unknown"), (ONLY_A, "cli_unknown")):
            status, body, _ = await call(f"bots/{bot}/ws/{action}", token, method)
            assert (status, body) == (404, not_found), "the same answer whether it exists or not"
        for token in (None, "wrong-token-0123456789"):
            status, body, headers = await call(f"bots/{APP}/ws/{action}", token, method)
            assert (status, body["success"]) == (401, False)
            assert headers["WWW-Authenticate"].startswith("Bearer")
        assert [one["botId"] for one in (await call("ws/status", ONLY_B))[1]["connections"]] == [B]
        assert adapter.connections.is_connected(APP)
        assert adapter.connections.is_connected(B)


async def test_a_disabled_bot_cannot_be_steered(sandbox, run_adapter):
    async with managed(run_adapter, sandbox) as (_, call):
        for action in ("connect", "disconnect"):
            status, body, _ = await call(f"bots/{OFF}/ws/{action}", method="POST")
            assert (status, body) == (409, {"success": False, "botId": OFF, "error": "Bot is disabled"})
        assert (await call(f"bots/{OFF}/ws/status"))[1]["state"] == "disconnected"


async def test_guessing_ends_in_429_and_never_locks_the_operator_out(sandbox, run_adapter, logs):
    async with managed(run_adapter, sandbox) as (_, call):
        answers = [await call("ws/status", f"guess-{number}") for number in range(15)]
        assert [status for status, _, _ in answers] == [401] * 10 + [429] * 5
        assert int(answers[-1][2]["Retry-After"]) > 0
        assert (await call("ws/status"))[0] == 200
    assert len([line for line in logs if "wrong token" in line]) == 1
    assert not any("guess-" in line for line in logs)


async def test_without_tokens_only_health_answers(sandbox, run_adapter):
    async with managed(run_adapter, sandbox, tokens={}) as (_, call):
        for path, method in (("ws/status", "GET"), (f"bots/{APP}/ws/connect", "POST"), ("metrics", "GET")):
            assert (await call(path, method=method))[0] in (404, 405), path
        status, text, _ = await call("")
        assert status == 404
        assert "FEISHU_MANAGEMENT_TOKENS" in text
        assert (await call("healthz", None))[:2] == (200, "")


async def test_health(sandbox, run_adapter):
    async with managed(run_adapter, sandbox) as (adapter, call):
        assert (await call("healthz", None))[:2] == (200, ""), "the disabled bot is not expected"
        sandbox.faults.add("discovery", times=-1, code=514)
        await sandbox.disconnect(B)
        await wait_until(lambda: adapter.connections.get_status(B).state.value == "error")
        assert (await call("healthz", None))[:2] == (503, "")
        status, body, _ = await call("healthz")
        assert (status, body["status"]) == (503, "failing")
        lines = {line["botId"]: line for line in body["bots"]}
        assert lines[APP] == {
            **{"botId": APP, "name": "Alpha", "enabled": True},
            **{"expected": True, "canReceive": True, "reason": None},
        }
        assert "credentials" in lines[B]["reason"]
        assert lines[OFF]["reason"] == "disabled in the configuration"
        assert [line["botId"] for line in (await call("healthz", ONLY_A))[1]["bots"]] == [APP]
        assert (await call("healthz", "wrong-token"))[0] == 401
        await call(f"bots/{B}/ws/disconnect", method="POST")
        status, body, _ = await call("healthz")
        assert (status, body["bots"][1]["reason"]) == (200, "disconnected by its operator")


async def test_metrics(sandbox, run_adapter):
    async with managed(run_adapter, sandbox) as (_, call):
        await (await sandbox.push(APP, "x", {}, event_id="e1")).wait()
        await (await sandbox.push(APP, "x", {}, event_id="e1")).wait()
        status, text, headers = await call("metrics")
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = set(text.splitlines())
        assert f'feishu_bot_connected{{bot_id="{APP}"}} 1.0' in lines
        assert f'feishu_bot_state{{bot_id="{OFF}",state="disconnected"}} 1.0' in lines
        assert f'feishu_deliveries_total{{bot_id="{APP}",outcome="accepted",transport="websocket"}} 1.0' in lines
        assert f'feishu_deliveries_total{{bot_id="{APP}",outcome="duplicate",transport="websocket"}} 1.0' in lines
        assert f'feishu_bot_last_event_timestamp_seconds{{bot_id="{APP}"}}' in text
        only_b = (await call("metrics", ONLY_B))[1]
        assert APP not in only_b
        assert (await call("metrics", None))[0] == 401


async def test_no_route_leaks_a_secret(sandbox, run_adapter, logs):
    async with managed(run_adapter, sandbox) as (_, call):
        sandbox.faults.add("discovery", times=-1, code=514)
        await sandbox.disconnect(B)
        await asyncio.sleep(0.3)
        texts = [str((await call(path))[1]) for path in ("", "ws/status", "healthz", "metrics", f"bots/{B}/ws/status")]
        texts += [str((await call(f"bots/{B}/ws/{action}", method="POST"))[1]) for action in ("connect", "disconnect")]
        tokens = list(sandbox.world.apps[APP].tokens)
    everything = "\n".join([*texts, *logs])
    for secret in (SECRET, "secret-of-b", "secret-of-off", OPERATOR, ONLY_A, *tokens):
        assert secret not in everything


async def test_the_page_is_guarded(sandbox, run_adapter):
    async with managed(run_adapter, sandbox) as (_, call):
        status, html, headers = await call("", None)
        assert status == 200
        assert "{{nonce}}" not in html
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert APP not in html, "the page itself holds no data"
        assert "http://" not in html
        assert "https://" not in html


async def test_disconnecting_lets_running_handlers_finish(sandbox, run_adapter, matchers):
    from nonebot import on_message

    slow = on_message(block=True)
    matchers(slow)

    @slow.handle()
    async def _():
        await asyncio.sleep(0.4)
        await slow.send("finished")

    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with managed(run_adapter, sandbox) as (adapter, call):
        await sandbox.say(user, chat, "hi")
        await asyncio.sleep(0.1)
        assert (await call(f"bots/{APP}/ws/disconnect", method="POST"))[0] == 200
        assert sandbox.gateway.connections[APP] == []
        assert APP in adapter.bots, "the bot stays for the handler that runs"
        await sandbox.wait_message(chat)
        await wait_until(lambda: APP not in adapter.bots)


async def test_the_store_is_told_and_its_place_only_to_who_may_see_all(sandbox, run_adapter, tmp_path):
    path = tmp_path / "s.db"
    async with managed(run_adapter, sandbox, feishu_store=f"sqlite:///{path}") as (adapter, call):
        status, body, _ = await call("ws/status")
        assert set(body) == {"connections", "store"}
        assert set(body["store"]) == {"name", "ok", "error", "since", "inbox"}
        assert (body["store"]["name"], body["store"]["ok"]) == (f"sqlite:///{path}", True)
        assert (body["store"]["error"], body["store"]["since"]) == (None, None)
        await wait_until(lambda: adapter._receiver.watch.view().inbox)
        assert (await call("ws/status"))[1]["store"]["inbox"] == {
            bot_id: {"waiting": 0, "parked": 0} for bot_id in (APP, B)
        }
        assert list((await call("ws/status", ONLY_B))[1]["store"]["inbox"]) == [B]
        assert 'feishu_inbox_waiting{bot_id="cli_b"} 0.0' in (await call("metrics", ONLY_B))[1]
        assert "feishu_store_up 1.0" in (await call("metrics"))[1]

        adapter._store.inner._file.connection.execute("PRAGMA query_only = ON")
        await (await sandbox.push(APP, "x", {}, event_id="e1")).wait()
        for route in ("ws/status", "healthz"):
            status, body, _ = await call(route)
            assert status == 200, "the bots go on: a restart would lose what is in memory"
            assert body["store"]["ok"] is False
            assert "check the disk" in body["store"]["error"]
            assert body["store"]["since"].endswith("Z")
            store = (await call(route, ONLY_A))[1]["store"]
            assert (store["name"], store["ok"], store["error"]) == (None, False, None)
        assert (await call("healthz", None))[:2] == (200, "")
        assert "feishu_store_up 0.0" in (await call("metrics", ONLY_A))[1]
        adapter._store.inner._file.connection.execute("PRAGMA query_only = OFF")
        await wait_until(lambda: adapter._store.status.ok)
        body = (await call("ws/status"))[1]
        assert (body["store"]["ok"], body["store"]["error"]) == (True, None)
        assert body["store"]["since"] is not None


async def test_no_route_tells_the_stores_credentials(sandbox, run_adapter, tmp_path, logs):
    url = f"unix://operator:hunter2@{tmp_path}/none.sock?db=0&password=hunter3"
    async with managed(run_adapter, sandbox, feishu_store=url) as (_, call):
        body = (await call("ws/status"))[1]
        assert "check that Redis runs" in body["store"]["error"]
        texts = [str(body), *[str((await call(path))[1]) for path in ("", "healthz", "metrics")], *logs]
    for secret in ("hunter2", "hunter3"):
        assert not any(secret in text for text in texts)


async def test_what_the_open_page_asks_for_is_not_in_the_access_log(sandbox, run_adapter, caplog):
    """It put two lines into it every two seconds."""
    caplog.set_level("INFO", "uvicorn.access")
    async with managed(run_adapter, sandbox) as (_, call):
        for path in ("ws/status?from=page", "healthz?from=page", "ws/status"):
            assert (await call(path))[0] == 200
        assert (await call("ws/status?from=page", token="wrong"))[0] == 401
    lines = [record.getMessage() for record in caplog.records if record.name == "uvicorn.access"]
    assert ["?from=page" in line for line in lines] == [False, True]
    assert "401" in lines[1]
