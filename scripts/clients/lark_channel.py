"""lark-oapi's channel: normalised messages in, a reply out."""

import sys

from lark_oapi.channel import FeishuChannel

domain, app_id, secret, _ = sys.argv[1:]
channel = FeishuChannel(app_id=app_id, app_secret=secret, domain=domain)


async def answer(message):
    chat = message.conversation.chat_id
    await channel.send(chat, {"text": f"heard {message.content_text}"}, {"reply_to": message.id})


channel.on("message", answer)
channel.start()
