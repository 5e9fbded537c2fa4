"""A first plugin: what a bot does every day, in one file."""

from nonebot import on_command, on_message
from nonebot.adapters import Message
from nonebot.params import ArgPlainText, CommandArg
from nonebot.plugin import PluginMetadata
from nonebot.rule import to_me

from nonebot_adapter_feishu_ws import GroupMessageEvent, MessageEvent, MessageSegment

__plugin_meta__ = PluginMetadata(
    name="feishu_demo",
    description="Greets, asks back, and answers what nothing else answers",
    usage="/hello [name] | /order | anything else",
    supported_adapters={"nonebot_adapter_feishu_ws"},
)

hello = on_command("hello", aliases={"你好"}, rule=to_me())


@hello.handle()
async def _(event: MessageEvent, args: Message = CommandArg()) -> None:
    name = args.extract_plain_text().strip()
    if isinstance(event, GroupMessageEvent):
        await hello.finish(MessageSegment.at(event.get_user_id()) + f" 你好 {name}".rstrip())
    await hello.finish(f"你好 {name}".rstrip())


order = on_command("order", aliases={"点餐"}, rule=to_me())


@order.got("dish", prompt="想吃什么？ What would you like to eat?")
async def _(dish: str = ArgPlainText()) -> None:
    if not dish.strip():
        await order.reject("没听清，再说一次？ Sorry, once more?")
    await order.finish(f"好的，{dish.strip()} 一份。 One {dish.strip()}, coming up.")


fallback = on_message(rule=to_me(), priority=100, block=False)


@fallback.handle()
async def _(event: MessageEvent) -> None:
    if not event.get_plaintext().startswith("/"):
        await fallback.finish("收到。试试 /echo 你好、/hello 或 /order。 Got it. Try /echo hi, /hello or /order.")
