"""The bots of the page's story: one process, three apps of ``FEISHU_BOTS``."""

import asyncio

import nonebot
from nonebot import on_command, on_message
from nonebot.rule import to_me

from nonebot_adapter_feishu_ws import (
    Adapter,
    Bot,
    CardActionEvent,
    GroupMessageEvent,
    MessageEvent,
    MessageSegment,
    on_card_action,
)
from nonebot_adapter_feishu_ws.card import Button, Card, Form, Header, Input, Markdown, Toast

nonebot.init(driver="~none", _env_file=None)
nonebot.get_driver().register_adapter(Adapter)


async def has_image(event: MessageEvent) -> bool:
    return bool(event.get_message()["image"])


echo = on_command("echo", block=True)
who = on_message(rule=to_me(), priority=20)
image = on_message(rule=has_image, block=True)
boom = on_command("boom", block=True)
form = on_command("form", block=True)
apply = on_card_action("apply")


@echo.handle()
async def _(event: MessageEvent):
    await echo.finish(event.get_plaintext().partition(" ")[2] or "?")


@who.handle()
async def _(bot: Bot, event: GroupMessageEvent):
    if "who" in event.get_plaintext():
        await who.finish(f"I am {bot.bot_info.app_name}")


@image.handle()
async def _(bot: Bot, event: MessageEvent):
    await image.finish(MessageSegment.image(await event.get_message()["image"][0].download(bot)))


@boom.handle()
async def explode():
    raise RuntimeError("out of coffee")


@form.handle()
async def _():
    await form.send(
        Card(
            header=Header("Leave", template="blue"),
            elements=[
                Form(
                    "leave",
                    [
                        Input("Reason", name="reason", required=True),
                        Button("Apply", name="apply", form_action_type="submit", type="primary_filled"),
                    ],
                ),
                Markdown("Your manager is told."),
            ],
        )
    )
    for number in range(20):  # while somebody fills it in
        await form.send(f"news {number}")
        await asyncio.sleep(0.05)
    await form.finish("no more news")


@apply.handle()
async def _(bot: Bot, event: CardActionEvent):
    done = Card([Markdown(f"Applied: {event.form_value['reason']}")], header=Header("Leave"))
    await bot.respond(event, toast=Toast("Applied", "success"), card=done)


nonebot.run()
