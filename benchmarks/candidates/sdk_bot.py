"""The official SDK's client with an echo handler: ``sync|async DOMAIN APP SECRET``."""

import asyncio
import json
import sys
import time

import lark_oapi as lark
from lark_oapi.api.im.v1 import CreateMessageRequest, CreateMessageRequestBody

kind, domain, app_id, secret = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(secret).domain(domain).build()
tasks = set()


def request(data) -> CreateMessageRequest | None:
    message = data.event.message
    word, _, rest = json.loads(message.content)["text"].partition(" ")
    if word == "noop":
        return None
    if word == "sleep":
        time.sleep(2)
    elif word == "compute":
        end = time.perf_counter() + 2
        while time.perf_counter() < end:
            sum(range(1000))
    body = CreateMessageRequestBody.builder().receive_id(message.chat_id).msg_type("text")
    body = body.content(json.dumps({"text": rest})).build()
    return CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body).build()


def answer(data) -> None:
    if (made := request(data)) is not None:
        client.im.v1.message.create(made)


def answer_later(data) -> None:
    async def run() -> None:
        if (made := request(data)) is not None:
            await client.im.v1.message.acreate(made)

    task = asyncio.get_running_loop().create_task(run())
    tasks.add(task)
    task.add_done_callback(tasks.discard)


builder = lark.EventDispatcherHandler.builder("", "")
handler = builder.register_p2_im_message_receive_v1(answer if kind == "sync" else answer_later).build()
lark.ws.Client(app_id, secret, event_handler=handler, domain=domain, log_level=lark.LogLevel.INFO).start()
