"""nonebot-plugin-apscheduler: a job of its own says something later."""

from datetime import UTC, datetime, timedelta

from nonebot import on_command, require
from nonebot.adapters import Bot, Event

require("nonebot_plugin_apscheduler")
from nonebot_plugin_apscheduler import scheduler

remind = on_command("remind")


@remind.handle()
async def _(bot: Bot, event: Event):
    async def ring():
        await bot.send(event, "time is up")

    scheduler.add_job(ring, "date", run_date=datetime.now(UTC) + timedelta(seconds=0.3))
    await remind.finish("I will")
