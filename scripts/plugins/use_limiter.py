"""nonebot-plugin-limiter: once a minute for a person."""

from nonebot import on_command, require

require("nonebot_plugin_limiter")
from nonebot_plugin_limiter import Cooldown, UserScope

draw = on_command("draw")


@draw.handle(parameterless=[Cooldown(UserScope(), 60, limit=1, reject="once a minute")])
async def _():
    await draw.finish("you drew a card")
