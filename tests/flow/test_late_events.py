"""Events that come long after they happened, and what time an event says it is."""

import json
from collections import Counter
from datetime import UTC, datetime

import aiohttp
import pytest
from nonebot import on_message, on_notice
from nonebot.drivers.fastapi import Driver as FastAPIDriver

from nonebot_adapter_feishu_ws import Adapter, Event
from nonebot_adapter_feishu_ws.config import load_config
from nonebot_adapter_feishu_ws.event.envelope import Envelope
from nonebot_adapter_feishu_ws.exception import ConfigError
from nonebot_adapter_feishu_ws.intake.bridge import Bridge
from nonebot_adapter_feishu_ws.intake.receiver import Receiver
from nonebot_adapter_feishu_ws.message.times import to_seconds
from nonebot_adapter_feishu_ws.store import MemoryStore
from tests.conftest import APP, serving, wait_until
from tests.intake.collector import Collector

TOKEN = "token-of-an-operator"
NOW = 1_700_000_000.0
HOUR = 3600.0


def payload(event_id: str, seconds: float, unit: str = "ms", *, event_type: str = "im.chat.updated_v1") -> dict:
    """An event that happened at a time, which it tells as the platform does in one of its ways."""
    if unit == "v1":
        body = {"type": "approval_task"}
        return {"uuid": event_id, "ts": f"{seconds:.7f}", "type": "event_callback", "event": body}
    factor = {"s": 1, "ms": 1000, "us": 1_000_000}[unit]
    at = int(seconds * factor)
    header = {"event_id": event_id, "event_type": event_type, "create_time": str(at)}
    return {"schema": "2.0", "header": header, "event": {}}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "v1"])
@pytest.mark.parametrize("event_type", ["im.chat.updated_v1", "card.action.trigger", "im.message.receive_v1", "odd"])
def test_the_time_is_right_in_every_unit(unit, event_type):
    event = Adapter.json_to_event(payload("e", NOW, unit, event_type=event_type))
    assert event is not None
    assert event.time == datetime.fromtimestamp(NOW, UTC)


def test_a_card_action_counts_microseconds():
    """In the document's example; it said 1970."""
    header = {"event_type": "card.action.trigger", "create_time": "1603977298000000"}
    event = Adapter.json_to_event({"schema": "2.0", "header": header, "event": {}})
    assert event is not None
    assert event.time == datetime(2020, 10, 29, 13, 14, 58, tzinfo=UTC)


def test_a_message_without_a_header_time_has_its_own():
    body = {"message": {"create_time": "1700000000000"}}
    event = Adapter.json_to_event({"header": {"event_type": "im.message.receive_v1"}, "event": body})
    assert event is not None
    assert event.time == datetime.fromtimestamp(NOW, UTC)


@pytest.mark.parametrize("value", ["", None, "later", "nan", "inf", "-5", "0", True, [], {}, "1" * 40, 10**400])
def test_what_is_no_time_is_none(value):
    assert to_seconds(value) == 0.0


class Door:
    def __init__(self, max_age: float | None) -> None:
        self.taken = []
        bridge = Bridge()
        bridge.plugins.open(Collector(self.taken))
        self.receiver = Receiver(MemoryStore(), bridge.network, max_age=max_age, clock=lambda: NOW)

    async def give(self, data: dict, transport: str = "websocket") -> int:
        raw = json.dumps(data).encode()
        envelope = Envelope(bot_id="a", payload=raw, transport=transport)  # pyright: ignore[reportArgumentType]
        return (await self.receiver.receive(envelope)).code

    @property
    def outcomes(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (_, _, outcome), count in self.receiver.counts.items():
            found[outcome] += count
        return found


@pytest.mark.parametrize("unit", ["s", "ms", "us", "v1"])
@pytest.mark.parametrize("transport", ["websocket", "webhook", "backfill"])
async def test_an_old_event_is_dropped_and_counted(unit, transport, logs):
    door = Door(HOUR)
    assert await door.give(payload("old", NOW - 2 * HOUR, unit), transport) == 200
    assert await door.give(payload("older", NOW - 9 * HOUR, unit), transport) == 200
    assert await door.give(payload("new", NOW - HOUR + 1, unit), transport) == 200
    assert await door.give(payload("ahead", NOW + HOUR, unit), transport) == 200
    assert door.outcomes == {"too_old": 2, "accepted": 2}
    assert sum("2:00:00 old: dropped, since FEISHU_MAX_EVENT_AGE is 3600 s" in line for line in logs) == 1
    assert not any("9:00:00" in line for line in logs), "told once a minute"


async def test_an_event_without_a_time_and_a_message_by_its_own():
    door = Door(HOUR)
    header = {"event_id": "e", "event_type": "im.message.receive_v1"}
    await door.give({"header": header, "event": {}})
    old = {"message": {"message_id": "om_1", "create_time": str(int((NOW - 2 * HOUR) * 1000))}}
    await door.give({"header": {**header, "event_id": "f"}, "event": old})
    assert door.outcomes == {"accepted": 1, "too_old": 1}


async def test_without_the_setting_nothing_is_too_old():
    door = Door(None)
    await door.give(payload("old", NOW - 1000 * HOUR))
    assert door.outcomes == {"accepted": 1}


@pytest.mark.parametrize("value", ["0", "-1", "soon"])
def test_the_setting_is_checked(value):
    with pytest.raises(ConfigError, match="FEISHU_MAX_EVENT_AGE"):
        load_config({"feishu_max_event_age": value})
    assert load_config({"feishu_max_event_age": ""}).feishu_max_event_age is None


@pytest.mark.fault(45)
async def test_hours_late_the_event_is_dropped_and_the_metrics_say_so(sandbox, run_adapter, matchers, saw):
    arrived: list[Event] = []
    for matcher in (on_message(), on_notice()):
        matchers(matcher)

        @matcher.handle()
        async def _(event: Event):
            arrived.append(event)

    tokens = {TOKEN: ["*"]}
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter(driver=FastAPIDriver, feishu_max_event_age=HOUR, feishu_management_tokens=tokens) as adapter:
        late = sandbox.world.now_ms() - 6 * int(HOUR) * 1000
        delivery = await sandbox.push(APP, "im.chat.updated_v1", {"chat_id": "oc"}, create_time=str(late))
        await wait_until(lambda: delivery.ack_code == 200)
        await sandbox.say(user, chat, "in time")
        await wait_until(lambda: arrived)
        async with serving(adapter) as url, aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http:
            metrics = await (await http.get(f"{url}/feishu/metrics")).text()
    [line] = [line for line in metrics.splitlines() if 'outcome="too_old"' in line and "_total" in line]
    assert line.endswith("} 1.0")
    assert [event.get_plaintext() for event in arrived] == ["in time"]
    saw(f"of 1 event six hours late and 1 in time the plugins got {len(arrived)}; the late one is acked, `{line}`")
