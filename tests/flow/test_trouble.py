"""Bad input and trouble on real sockets: a clear log line or status, the other bots carry on, nothing is lost."""

import asyncio
import json
import time
from collections.abc import Callable

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws import ConnectionState, Event
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET, wait_until

Saw = Callable[[str], None]


def person(sandbox: Sandbox):
    user = sandbox.add_user("Li Lei")
    return user, sandbox.p2p(user, APP)


def errors(logs: list[str]) -> list[str]:
    return [line for line in logs if line.startswith(("ERROR", "WARNING"))]


async def back_after(sandbox, run_adapter, heard, trouble, **config) -> float:
    """Cause trouble, then say how long it took until the bot is connected again and hears a message."""
    user, chat = person(sandbox)
    loop = asyncio.get_running_loop()
    async with run_adapter(**config) as adapter:
        before = adapter.connections.get_status(APP).connected_at
        started = loop.time()
        result = trouble()
        if asyncio.iscoroutine(result):
            await result

        def is_back() -> bool:
            status = adapter.connections.get_status(APP)
            return status.state is ConnectionState.CONNECTED and status.connected_at != before

        await wait_until(is_back)
        took = loop.time() - started
        await sandbox.say(user, chat, "still there?")
        await sandbox.wait_message(chat)
    assert heard == ["still there?"]
    return took


async def test_a_clean_close_is_reconnected(sandbox, run_adapter, heard):
    assert await back_after(sandbox, run_adapter, heard, lambda: sandbox.disconnect(APP)) < 2


async def test_a_reset_is_reconnected(sandbox, run_adapter, heard):
    assert await back_after(sandbox, run_adapter, heard, lambda: sandbox.drop(APP)) < 2


async def test_a_server_that_falls_silent_is_noticed_by_the_watchdog(run_adapter, heard):
    async with Sandbox(client_config={"PingInterval": 1}, redelivery=(0.3,), ack_timeout=0.5) as sandbox:
        sandbox.add_app(APP, SECRET)
        user, chat = person(sandbox)
        async with run_adapter(feishu_api_base=sandbox.url) as adapter:
            first = adapter.connections.get_status(APP).connected_at
            sandbox.half_open(APP)
            await wait_until(lambda: adapter.connections.get_status(APP).connected_at not in (None, first))
            await sandbox.say(user, chat, "back")
            await sandbox.wait_message(chat)
    assert heard == ["back"]


async def test_what_is_lost_on_the_way_is_pushed_again_and_handled_once(sandbox, run_adapter, heard):
    user, chat = person(sandbox)
    async with run_adapter():
        sandbox.half_open(APP)  # the server does not read the ack, so it pushes again
        await sandbox.say(user, chat, "once")
        await sandbox.wait_message(chat)
        sandbox.half_open(APP, False)
        await asyncio.sleep(0.5)
    assert heard == ["once"]


@pytest.mark.parametrize(
    ("name", "fault", "says"),
    [
        pytest.param("HTTP 500", {"status": 500}, "HTTP 500", marks=pytest.mark.fault(1)),
        pytest.param("HTML", {"body": b"<html>gateway</html>"}, "no JSON", marks=pytest.mark.fault(1)),
        pytest.param("no answer", {"hang": True}, "did not answer in time", marks=pytest.mark.fault(1)),
        pytest.param("reset", {"drop": "before"}, "closed the connection", marks=pytest.mark.fault(1)),
        pytest.param("code 1", {"code": 1}, "Feishu is busy", marks=pytest.mark.fault(2)),
        pytest.param("code 1000040343", {"code": 1000040343}, "internal error", marks=pytest.mark.fault(2)),
    ],
)
async def test_discovery_in_trouble_at_first_start_is_retried(
    sandbox, run_adapter, heard, logs, monkeypatch, saw: Saw, name, fault, says
):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.transport.connection.OPEN_TIMEOUT", 0.3)
    sandbox.faults.add("discovery", times=2, **fault)
    user, chat = person(sandbox)
    seen: list[tuple[str, int]] = []
    async with run_adapter(connected=False) as adapter:
        while adapter.connections.get_status(APP).state is not ConnectionState.CONNECTED:
            status = adapter.connections.get_status(APP)
            seen.append((status.state.value, status.attempts))
            await asyncio.sleep(0.005)
        await sandbox.say(user, chat, "hi")
        await sandbox.wait_message(chat)
    lines = [line for line in errors(logs) if says in line]
    assert len(lines) == 2
    assert {state for state, _ in seen} == {"connecting"}
    attempts = sorted({count for _, count in seen})
    assert attempts[-1] == 2
    saw(f"first start, twice {name}: connecting with attempts {attempts}, then connected; {len(lines)} warnings")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        pytest.param(403, "凭证与基础信息", marks=pytest.mark.fault(3)),
        pytest.param(514, "凭证与基础信息", marks=pytest.mark.fault(3)),
        pytest.param(1000040344, "凭证与基础信息", marks=pytest.mark.fault(3)),
        pytest.param(10003, "凭证与基础信息", marks=pytest.mark.fault(3)),
        pytest.param(10014, "凭证与基础信息", marks=pytest.mark.fault(3)),
        pytest.param(1000040351, '"lark"', marks=pytest.mark.fault(5)),
    ],
)
async def test_fatal_answers_stop_that_bot_alone_and_say_what_to_do(
    sandbox, run_adapter, heard, logs, saw: Saw, code, advice
):
    sandbox.add_app("cli_b", "b")
    bots = [{"app_id": APP, "app_secret": SECRET}, {"app_id": "cli_b", "app_secret": "b"}]
    async with run_adapter(bots) as adapter:
        sandbox.faults.add("discovery", times=-1, code=code)
        await sandbox.disconnect(APP)
        await wait_until(lambda: adapter.connections.get_status(APP).state is ConnectionState.ERROR)
        status = adapter.connections.get_status(APP)
        asked = sandbox.gateway.discoveries
        assert (status.error_code, status.next_attempt_at) == (code, None)
        assert advice in (status.advice or "")
        await asyncio.sleep(0.3)
        more = sandbox.gateway.discoveries - asked
        assert more == 0, "no further attempt"
        other = adapter.connections.get_status("cli_b").state
        assert other is ConnectionState.CONNECTED
        sandbox.faults.clear()
        await adapter.connections.connect(APP)
        await wait_until(lambda: adapter.connections.is_connected(APP))
    assert any(advice in line and line.startswith("ERROR") for line in logs)
    saw(f"{code}: {status.state.value}, {more} more tries, the other bot {other.value}; the advice names {advice}")


@pytest.mark.fault(5)
async def test_an_app_of_the_other_domain_names_the_other_domain(sandbox, run_adapter, saw: Saw):
    sandbox.world.apps[APP].wrong_domain = True
    async with run_adapter(connected=False) as adapter:
        await wait_until(lambda: adapter.connections.get_status(APP).state is ConnectionState.ERROR)
        status = adapter.connections.get_status(APP)
    assert "open.larksuite.com" in (status.advice or "")
    saw(f"an app of the other domain, at the first start: {status.state.value} (code {status.error_code})")


@pytest.mark.fault(4)
async def test_a_reached_connection_limit_is_probed_slowly(sandbox, run_adapter, saw: Saw):
    sandbox.faults.add("handshake", code=514, auth_code=1000040350)
    async with run_adapter(connected=False) as adapter:
        await wait_until(lambda: adapter.connections.get_status(APP).state is ConnectionState.ERROR)
        status = adapter.connections.get_status(APP)
        assert status.error_code == 1000040350
        assert status.next_attempt_at is not None
        assert "other machines" in (status.advice or "")
        wait = status.next_attempt_at.timestamp() - time.time()
    saw(f"{status.state.value} at once, next try in {wait:.0f} s; advice: {status.advice}")


async def test_a_used_up_url_is_followed_by_a_fresh_one(sandbox, run_adapter):
    sandbox.faults.add("handshake", code=514)
    async with run_adapter():
        assert sandbox.gateway.discoveries == 2


@pytest.mark.fault(6)
@pytest.mark.parametrize(
    ("name", "bot", "says"),
    [
        ("DNS failure", {"domain": "http://name.invalid"}, "cannot be resolved"),
        ("refused", {"domain": "http://127.0.0.1:9"}, "refused the connection"),
        ("TLS error", {"domain": "https://{host}"}, "TLS"),
        ("proxy not there", {"proxy": "http://127.0.0.1:9"}, "proxy cannot be reached"),
    ],
)
async def test_network_trouble_is_retried_and_told_in_words(
    sandbox, run_adapter, logs, saw: Saw, name: str, bot: dict[str, str], says: str
):
    bot = {key: value.format(host=sandbox.url.removeprefix("http://")) for key, value in bot.items()}
    async with run_adapter([{"app_id": APP, "app_secret": SECRET, **bot}], connected=False) as adapter:
        await wait_until(lambda: adapter.connections.get_status(APP).attempts >= 2)
        status = adapter.connections.get_status(APP)
    assert status.state is ConnectionState.CONNECTING
    assert says in (status.error or "")
    assert any(says in line for line in errors(logs))
    error = (status.error or "").replace(sandbox.url.removeprefix("http://"), "the server")
    saw(f"{name}: {status.state.value}, attempts {status.attempts}: {error}")


async def test_bot_info_in_trouble_leaves_a_bot_that_works_and_says_so(sandbox, run_adapter, heard, logs):
    sandbox.faults.add("bot/v3/info", times=1, code=11205)
    user, chat = person(sandbox)
    async with run_adapter() as adapter:
        assert adapter.bots[APP].bot_info.open_id == ""
        await sandbox.say(user, chat, "private works")
        await sandbox.wait_message(chat)
        await wait_until(lambda: adapter.bots[APP].bot_info.open_id)
    assert any("open_id" in line for line in errors(logs))
    assert heard == ["private works"]


async def test_no_secret_in_any_log(sandbox, run_adapter, heard, logs):
    sandbox.faults.add("handshake", code=514)
    sandbox.faults.add("auth/v3", times=1, status=500)
    user, chat = person(sandbox)
    async with run_adapter() as adapter:
        await sandbox.say(user, chat, "hi")
        await sandbox.wait_message(chat)
        text = (
            "".join(logs) + repr(adapter.feishu_config) + repr(adapter.bots[APP].bot_config) + repr(adapter.bots[APP])
        )
        token = next(iter(sandbox.world.apps[APP].tokens))
    for secret in (SECRET, token):
        assert secret not in text


async def test_disconnecting_and_connecting_by_hand(sandbox, run_adapter, heard, logs):
    user, chat = person(sandbox)
    async with run_adapter() as adapter:
        status = await adapter.connections.disconnect(APP)
        assert status.state is ConnectionState.DISCONNECTED
        await wait_until(lambda: APP not in adapter.bots)
        await adapter.connections.connect(APP)
        await wait_until(lambda: APP in adapter.bots)
        await adapter.connections.connect(APP)
        assert len(sandbox.gateway.connections[APP]) == 1
        assert any("no second one" in line for line in errors(logs))
        with pytest.raises(LookupError, match="cli_a"):
            await adapter.connections.connect("cli_unknown")
        await sandbox.say(user, chat, "again")
        await sandbox.wait_message(chat)
        assert adapter.connections.get_all_statuses()[0].to_dict()["state"] == "connected"


async def test_shutdown_finishes_what_runs(sandbox, run_adapter, matchers):
    done = []
    slow = on_message(block=True)
    matchers(slow)

    @slow.handle()
    async def _():
        await asyncio.sleep(0.3)
        await slow.send("finished")
        done.append(1)

    user, chat = person(sandbox)
    async with run_adapter():
        await sandbox.say(user, chat, "hi")
        await asyncio.sleep(0.1)
    assert done == [1]
    await sandbox.wait_message(chat)
    assert sandbox.gateway.connections[APP] == []


async def test_shutdown_handles_what_was_acked_and_still_waits(sandbox, run_adapter, matchers):
    slow = on_message(block=True)
    matchers(slow)

    @slow.handle()
    async def _(event: Event):
        await asyncio.sleep(0.1)
        await slow.send(event.get_plaintext())

    user, chat = person(sandbox)
    async with run_adapter(feishu_max_running_handlers=1):
        for number in range(4):
            await sandbox.say(user, chat, str(number))
        await wait_until(lambda: sum(len(c.acks) for c in sandbox.gateway.connections[APP]) == 4)
    answers = await sandbox.wait_message(chat, count=4)
    assert [json.loads(answer.content)["text"] for answer in answers] == ["0", "1", "2", "3"]
