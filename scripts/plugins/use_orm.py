"""nonebot-plugin-orm: points of a person in a table."""

from nonebot import get_driver, on_command, require
from nonebot.adapters import Event

require("nonebot_plugin_orm")
from nonebot_plugin_orm import Model, async_scoped_session, get_session
from sqlalchemy.orm import Mapped, mapped_column


class Points(Model):
    person: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


@get_driver().on_startup
async def _():
    """Make the table; a plugin that is published brings a migration instead."""
    async with get_session() as session:
        await (await session.connection()).run_sync(Model.metadata.create_all)
        await session.commit()


point = on_command("point")


@point.handle()
async def _(event: Event, session: async_scoped_session):
    points = await session.get(Points, event.get_user_id()) or Points(person=event.get_user_id(), count=0)
    points.count += 1
    count = points.count
    session.add(points)
    await session.commit()
    await point.finish(f"points: {count}")
