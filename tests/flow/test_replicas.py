"""Processes of one bot share a Redis; one is killed, one is paused, Redis is restarted: nothing lost or doubled."""

import asyncio
import signal

import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.replicas import APP, SECRET, Replicas, Sums

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.timeout(240)]


@pytest.fixture
async def replicas(redis_server, tmp_path):
    async with Sandbox(redelivery=(1.0,) * 60, ack_timeout=2.0) as sandbox:
        sandbox.add_app(APP, SECRET, name="Bot A")
        async with Replicas(sandbox, redis_server, tmp_path, WORK="0.2", FEISHU_TAKEOVER_AFTER="2") as them:
            yield them
    for log in sorted(tmp_path.glob("*.log")):
        print(log.name, log.read_text()[-3000:])


def told(sums: Sums) -> str:
    return f"{sums.sent} messages, {sums.answers} answers, {sums.lost} lost, {sums.doubled} doubled"


@pytest.mark.fault(27)
async def test_killed_and_paused_replicas_lose_and_double_nothing(replicas, saw):
    await replicas.start("a", "b", "c")
    await replicas.say(30)
    replicas.signal("a", signal.SIGKILL)
    await replicas.say(30, 0.01)
    replicas.signal("b", signal.SIGSTOP)
    await replicas.say(10)
    await asyncio.sleep(4)
    replicas.signal("b", signal.SIGCONT)
    await replicas.say(10, 0.01)
    await replicas.settle(90)
    sums = replicas.sums()
    assert (sums.lost, sums.doubled) == (0, 0)
    assert sums.answers == 80
    assert set(replicas.shares()) >= {"b", "c"}
    saw(f"of 3 replicas one is killed, one paused: {told(sums)}")


@pytest.mark.fault(29)
async def test_redis_is_restarted_and_down_for_a_while(replicas, saw):
    await replicas.start("a", "b")
    await replicas.say(20, 0.01)
    replicas.redis.stop(signal.SIGKILL)
    await replicas.say(20, 0.01)
    await asyncio.sleep(1)
    replicas.redis.start()
    await replicas.say(20, 0.01)
    await replicas.settle(90)
    sums = replicas.sums()
    assert (sums.lost, sums.doubled, sums.answers) == (0, 0, 60)
    saw(f"Redis killed, down for 1 s, started again under 2 replicas: {told(sums)}")
