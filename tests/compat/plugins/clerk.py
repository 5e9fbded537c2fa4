"""Bot methods and ``call_api``: send, reply, edit, fetch, list, recall; written for nonebot-adapter-feishu."""

import json

from nonebot import on_command
from nonebot.adapters.feishu import Bot, MessageEvent

work = on_command("work", priority=10, block=True)


@work.handle()
async def _(bot: Bot, event: MessageEvent):
    chat_id = event.event.message.chat_id
    sent = await bot.send_msg("chat_id", chat_id, json.dumps({"text": "draft"}), "text")
    message_id = sent["data"]["message_id"]
    await bot.edit_msg(message_id, json.dumps({"text": "final"}), "text")
    await bot.reply_msg(event.message_id, json.dumps({"text": "a reply"}), "text")
    fetched = await bot.get_msg(message_id)
    body = fetched["data"]["items"][0]["body"]["content"]
    listed = await bot.get_msgs("chat", chat_id)
    count = len(listed["data"]["items"])
    chat = await bot.call_api(f"im/v1/chats/{chat_id}", method="GET", params={"user_id_type": "open_id"})
    await bot.delete_msg(message_id)
    uploaded = await bot.post_file("stream", "notes.txt", b"some notes")
    key = uploaded["data"]["file_key"]
    await bot.send_msg("chat_id", chat_id, json.dumps({"file_key": key}), "file")
    await work.finish(f"{json.loads(body)['text']} {count >= 2} {chat['code']} {bot.bot_config.app_id}")
