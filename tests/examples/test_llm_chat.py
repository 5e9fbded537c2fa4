"""The example plugin against the sandbox and a model's endpoint."""

import json
from pathlib import Path

import nonebot
import pytest
from pydantic import SecretStr

from nonebot_adapter_feishu_ws.sandbox.rest.cardkit import shown_content
from tests.conftest import APP, wait_until

from .fake_model import fake_model

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture(scope="module")
def loaded():
    """The plugin as NoneBot loads it; its matchers hear nothing of other tests."""
    plugin = nonebot.get_plugin("llm_chat") or nonebot.load_plugin(EXAMPLES / "llm_chat")
    assert plugin is not None
    yield plugin.module
    for matcher in plugin.matcher:
        matcher.destroy()


@pytest.fixture
async def plugin(loaded, monkeypatch):
    """The plugin with a model, a memory and a configuration of its own."""
    async with fake_model() as model:
        config = loaded.Config(llm_base_url=model.url, llm_api_key=SecretStr("sk-test"), llm_model="m", llm_memory=4)
        monkeypatch.setattr(loaded, "config", config)
        monkeypatch.setattr(loaded, "memory", loaded.Memory(config.llm_memory, config.llm_sessions))
        loaded.model_server = model
        yield loaded


def shown(sandbox, chat) -> list[str]:
    found = []
    for message in sandbox.world.history(chat.chat_id):
        if message.sender_type == "app":
            content = json.loads(shown_content(sandbox.world, message.content))
            found.append(content["body"]["elements"][0]["content"] if "body" in content else content["text"])
    return found


def is_done(sandbox) -> bool:
    entities = sandbox.world.entities.values()
    return bool(entities) and all(not each.card["config"]["streaming_mode"] for each in entities)


async def test_it_chats_remembers_and_forgets(plugin, sandbox, run_adapter):
    model, user = plugin.model_server, sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter():
        model.answer = "**你好**，我是模型。" * 20
        await sandbox.say(user, chat, "who are you?")
        await wait_until(lambda: is_done(sandbox))
        assert shown(sandbox, chat) == [model.answer]
        assert model.keys == ["Bearer sk-test"]
        first = model.answer
        model.answer = "Second."
        await sandbox.say(user, chat, "and now?")
        await wait_until(lambda: shown(sandbox, chat)[1:] == ["Second."] and is_done(sandbox))
        said = [(m["role"], m["content"]) for m in model.requests[1]["messages"][1:]]
        assert said == [("user", "who are you?"), ("assistant", first), ("user", "and now?")]
        await wait_until(lambda: len(next(iter(plugin.memory._sessions.values()))) == 4)
        await sandbox.say(user, chat, "/forget")
        await wait_until(lambda: len(shown(sandbox, chat)) == 3)
        await sandbox.say(user, chat, "hi")
        await wait_until(lambda: len(model.requests) == 3)
        assert [m["role"] for m in model.requests[2]["messages"]] == ["system", "user"]
        await wait_until(lambda: len(sandbox.world.entities) == 3 and is_done(sandbox))


async def test_a_model_that_breaks_off_leaves_a_note(plugin, sandbox, run_adapter):
    plugin.model_server.break_after = 3
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter():
        await sandbox.say(user, chat, "hi")
        await wait_until(lambda: is_done(sandbox))
    [text] = shown(sandbox, chat)
    assert text.startswith("Hello from t\n\n")
    assert "中断" in text
    assert len(plugin.memory) == 0


async def test_a_model_that_refuses_is_reported(plugin, sandbox, run_adapter, logs):
    plugin.model_server.status = 404
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    async with run_adapter():
        await sandbox.say(user, chat, "hi")
        await wait_until(lambda: shown(sandbox, chat))
        await wait_until(lambda: any("answered HTTP 404" in line for line in logs))
    assert "中断" in shown(sandbox, chat)[0]


def test_memory_is_bounded(loaded):
    memory = loaded.Memory(4, 2)
    for session in ("a", "b", "c"):
        for number in range(3):
            memory.add(session, f"q{number}", f"a{number}")
    assert len(memory) == 2
    assert memory.of("a") == []
    assert [said["content"] for said in memory.of("c")] == ["q1", "a1", "q2", "a2"]


def test_a_missing_key_is_told_at_start(loaded):
    missing_key = loaded.missing_key
    assert "LLM_API_KEY is not set, and api.openai.com wants a key" in missing_key(loaded.Config())
    assert missing_key(loaded.Config(llm_api_key=SecretStr("sk-test"))) == ""
    assert missing_key(loaded.Config(llm_base_url="http://localhost:11434/v1")) == "", "Ollama needs none"
