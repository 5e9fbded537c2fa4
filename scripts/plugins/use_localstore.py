"""nonebot-plugin-localstore: a note in a file of the plugin's own folder."""

from nonebot import on_command, require
from nonebot.adapters import Message
from nonebot.params import CommandArg

require("nonebot_plugin_localstore")
from nonebot_plugin_localstore import get_plugin_data_file

note = on_command("note")


@note.handle()
async def _(words: Message = CommandArg()):
    file = get_plugin_data_file("note.txt")
    if text := words.extract_plain_text():
        file.write_text(text, "utf-8")
        await note.finish("noted")
    await note.finish(f"noted before: {file.read_text('utf-8')}")
