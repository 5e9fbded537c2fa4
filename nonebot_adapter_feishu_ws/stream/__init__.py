"""Replies that grow while they are written, for plugins with a language model.

    async with bot.stream(event) as stream:
        async for chunk in model(question):
            await stream.write(chunk)

or ``await bot.send_stream(event, model(question))``. The text is shown on a streaming card of CardKit; where Feishu
doesn't permit that, in a message that is edited; where that is refused too, in finished messages.
"""

from .board import Tool
from .modes import ModeName
from .options import StreamOptions
from .pour import pour
from .result import StreamResult
from .stream import Stream

__all__ = ["ModeName", "Stream", "StreamOptions", "StreamResult", "Tool", "pour"]
