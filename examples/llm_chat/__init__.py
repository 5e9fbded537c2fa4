"""Chat with a language model: the answer grows on a card while the model writes it."""

from nonebot import get_driver, get_plugin_config, on_command, on_message
from nonebot.log import logger
from nonebot.plugin import PluginMetadata
from nonebot.rule import to_me

from nonebot_adapter_feishu_ws import Bot, MessageEvent

from .memory import Memory
from .model import Config, complete, missing_key

__plugin_meta__ = PluginMetadata(
    name="llm_chat",
    description="Chats with a language model; answers are streamed",
    usage="say anything | /forget",
    config=Config,
    supported_adapters={"nonebot_adapter_feishu_ws"},
)

config = get_plugin_config(Config)
memory = Memory(config.llm_memory, config.llm_sessions)


@get_driver().on_startup
async def _() -> None:
    if text := missing_key(config):
        logger.warning(text)


forget = on_command("forget", aliases={"忘记"}, rule=to_me(), priority=5, block=True)
chat = on_message(rule=to_me(), priority=50, block=True)


@forget.handle()
async def _(event: MessageEvent) -> None:
    memory.forget(event.get_session_id())
    await forget.finish("好的，重新开始。 Forgotten.")


@chat.handle()
async def _(bot: Bot, event: MessageEvent) -> None:
    question = event.get_plaintext().strip()
    if not question:
        return
    session_id = event.get_session_id()
    messages = [{"role": "system", "content": config.llm_system}, *memory.of(session_id)]
    result = await bot.send_stream(event, complete(config, [*messages, {"role": "user", "content": question}]))
    memory.add(session_id, question, result.text)
