"""nonebot-plugin-permission: a command for those who hold a right."""

from nonebot import on_command, require
from nonebot.rule import Rule

require("nonebot_plugin_permission")
from nonebot_plugin_permission import require_permission

anybody = on_command("anybody", rule=Rule(require_permission("bot.anybody")))
trusted = on_command("trusted", rule=Rule(require_permission("bot.trusted", default_available=False, prompt=True)))


@anybody.handle()
async def _():
    await anybody.finish("anybody may")


@trusted.handle()
async def _():
    await trusted.finish("only the trusted may")
