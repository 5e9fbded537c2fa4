"""The doctor looks at the store: whether it can be written, and what would lose events there."""

import sqlite3

import pytest
from redis.asyncio import Redis

from nonebot_adapter_feishu_ws.doctor.store import examine_store
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore

needs_redis = pytest.mark.needs("redis-server")


async def test_a_file_is_examined_without_being_created(tmp_path):
    [found] = await examine_store(f"sqlite:///{tmp_path / 'deep' / 's.db'}")
    assert found.level == "ok"
    assert list(tmp_path.iterdir()) == []


async def test_a_file_of_a_newer_version_is_a_problem(tmp_path):
    with sqlite3.connect(tmp_path / "s.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    [found] = await examine_store(f"sqlite:///{tmp_path / 's.db'}")
    assert (found.level, "newer version" in found.text) == ("problem", True)


async def test_what_is_no_store_and_a_full_disk_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.doctor.store.ROOM", 1 << 60)
    [_, found] = await examine_store(f"sqlite:///{tmp_path / 's.db'}")
    assert (found.level, "MB left" in found.text) == ("warning", True)
    (tmp_path / "s.db").write_bytes(b"no database" * 100)
    [found] = await examine_store(f"sqlite:///{tmp_path / 's.db'}")
    assert (found.level, "cannot be read" in found.text) == ("problem", True)


async def test_memory_keeps_nothing():
    [found] = await examine_store("memory://")
    assert found.level == "warning"


@needs_redis
async def test_a_redis_that_evicts_keys_is_told_by_the_doctor_and_at_the_start(redis_server, logs):
    assert [it.level for it in await examine_store(redis_server.url)] == ["ok"]
    async with Redis.from_url(redis_server.url) as raw:
        await raw.config_set("maxmemory", "1gb")
        await raw.config_set("maxmemory-policy", "allkeys-lru")
        await raw.config_set("appendonly", "no")
    [ok, policy, persistence] = await examine_store(redis_server.url)
    assert (ok.level, policy.level, persistence.level) == ("ok", "warning", "warning")
    assert "maxmemory-policy allkeys-lru" in policy.text
    assert "appendonly yes" in persistence.text
    store = RedisStore(redis_server.url)
    await store.open(["cli_a"])
    await store.close()
    assert sum(line.startswith("WARNING") and "Set " in line for line in logs) == 2


@needs_redis
async def test_a_redis_that_is_not_there_is_a_problem(redis_server):
    redis_server.stop()
    [found] = await examine_store(redis_server.url)
    assert (found.level, "cannot be reached" in found.text) == ("problem", True)
