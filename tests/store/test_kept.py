"""What the bots remember beyond a restart, also while their store is down."""

from nonebot_adapter_feishu_ws.exception import StoreError
from nonebot_adapter_feishu_ws.store import FallbackStore, Kept
from nonebot_adapter_feishu_ws.store.sqlite.store import SqliteStore


async def test_values_go_to_the_store_and_to_memory_while_it_is_down(tmp_path, monkeypatch):
    store = FallbackStore(SqliteStore(tmp_path / "s.db"))
    await store.open(["cli_a"])
    kept = Kept(store, lambda work: work)
    await kept.set("cli_a:a", "1", 60)

    async def fail(*_: object) -> None:
        raise StoreError("the disk is gone")

    for name in ("get_value", "set_value", "add_value"):
        monkeypatch.setattr(store.inner, name, fail)
    await kept.set("cli_a:b", "2", 60)
    assert [await kept.get(name) for name in ("cli_a:a", "cli_a:b")] == [None, "2"]
    assert await kept.add("cli_a:b", "3", 60) == "2"
    assert await kept.add("cli_a:c", "3", 60) == "3"
    assert await kept.add("cli_a:c", "4", 60) == "3"
    monkeypatch.undo()
    assert [await kept.get(name) for name in ("cli_a:a", "cli_a:b", "cli_a:c")] == ["1", "2", "3"]
    await kept.set("cli_a:b", "5", 60)
    assert await store.inner.get_value("cli_a:b") == "5"
    await store.close()


async def test_half_a_character_is_kept(tmp_path):
    store = SqliteStore(tmp_path / "s.db")
    await store.open(["cli_a"])
    kept = Kept(store, lambda work: work)
    await kept.set("cli_a:a", "x\ud83d", 60)
    assert await kept.get("cli_a:a") == "x\\ud83d"
    await store.close()


async def test_an_adapter_that_has_not_started_remembers_in_memory(tmp_path):
    async def not_running(work):
        work.close()
        raise RuntimeError("The Feishu network thread is not running")

    kept = Kept(SqliteStore(tmp_path / "s.db"), not_running)
    await kept.set("cli_a:a", "1", 60)
    assert await kept.get("cli_a:a") == "1"
    assert not (tmp_path / "s.db").exists()
