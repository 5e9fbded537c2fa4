"""What the cells of chatrecorder do; nothing here knows an adapter."""

import asyncio
import json

from nonebot import get_driver, on_message, require
from nonebot.adapters import Bot, Event

driver = get_driver()
driver.config.alembic_startup_check = False  # it would ask on the terminal
driver.config.localstore_use_cwd = True
require("nonebot_plugin_chatrecorder")
from nonebot_plugin_chatrecorder import get_message_records, get_messages  # noqa: E402
from nonebot_plugin_orm import Model  # noqa: E402
from nonebot_plugin_orm import get_session as get_db_session  # noqa: E402
from nonebot_plugin_uninfo import Uninfo  # noqa: E402


@driver.on_startup
async def _():
    async with get_db_session() as database:
        connection = await database.connection()
        await connection.run_sync(Model.metadata.create_all)
        await database.commit()


command = on_message(priority=50, block=False)


@command.handle()
async def _(bot: Bot, event: Event, session: Uninfo):
    match event.get_plaintext().split():
        case ["/say", *words]:
            await bot.send(event, f"done: {' '.join(words)}")
        case ["/tell", open_id]:
            await bot.send_msg("open_id", open_id, json.dumps({"text": "told"}), "text")
            await bot.send(event, "done: told")
        case ["/records", count]:
            records = await wait_for(int(count), session)
            said = [[record.type, record.plain_text] for record in sorted(records, key=lambda record: record.time)]
            await bot.send(event, f"done: {json.dumps(said)}")
        case ["/messages", count]:
            await wait_for(int(count), session)
            found = [[str(part.type) for part in message] for message in await get_messages(session=session)]
            await bot.send(event, f"done: {json.dumps(found)}")


async def wait_for(count: int, session):
    """The records of this scene, once there are so many: they are written after an event has been handled."""
    for _ in range(100):
        if len(records := await get_message_records(session=session, filter_user=False)) >= count:
            break
        await asyncio.sleep(0.05)
    return records
