"""Events: who wrote where, joined, reacted; written for nonebot-adapter-feishu."""

from nonebot import on_command, on_notice
from nonebot.adapters.feishu import Bot, GroupMemberBotAddedEvent, GroupMessageEvent, MessageEvent, PrivateMessageEvent

who = on_command("who", priority=10, block=True)
joined = on_notice(priority=10)


@who.handle()
async def _(bot: Bot, event: PrivateMessageEvent):
    message = event.event.message
    sender = event.event.sender.sender_id.open_id
    same = sender == event.get_user_id()
    await who.send(f"private {message.chat_type} {message.message_type} {same} {event.is_tome()} {bot.self_id}")


@who.handle()
async def _(bot: Bot, event: GroupMessageEvent):
    mentions = [mention.name for mention in event.event.message.mentions or []]
    open_id = bot.bot_info.open_id
    await who.send(f"group {event.is_tome()} {mentions} {open_id.startswith('ou_')} {event.get_session_id()[:9]}")


@joined.handle()
async def _(bot: Bot, event: GroupMemberBotAddedEvent):
    chat_id = event.event.chat_id
    await bot.send_msg("chat_id", chat_id, '{"text": "thanks for adding me"}', "text")


quote = on_command("quote", priority=10, block=True)


@quote.handle()
async def _(event: MessageEvent):
    reply = event.reply
    await quote.send(f"{reply.msg_type} {reply.body.content} {reply.sender.id_type}" if reply else "no quote")
