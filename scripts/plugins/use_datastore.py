"""nonebot-plugin-datastore: a plugin's own database."""

from nonebot import get_driver, on_command, require
from nonebot.adapters import Event

require("nonebot_plugin_datastore")
from nonebot_plugin_datastore import create_session, get_plugin_data
from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, mapped_column


class Visit(get_plugin_data().Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str]


@get_driver().on_startup
async def _():
    """Make the table; a plugin that is published brings a migration instead."""
    async with create_session() as session:
        await (await session.connection()).run_sync(Visit.metadata.create_all)
        await session.commit()


visit = on_command("visit")


@visit.handle()
async def _(event: Event):
    async with create_session() as session:
        session.add(Visit(person=event.get_user_id()))
        await session.commit()
        count = await session.scalar(select(func.count()).select_from(Visit))
    await visit.finish(f"visits: {count}")
