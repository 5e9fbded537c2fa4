"""The same bot on the official SDK's client alone: ``sync|async DOMAIN APP SECRET HANDLED_FILE``."""

import asyncio
import json
import os
import sys
import time

import lark_oapi as lark
from lark_oapi.api.im.v1 import CreateMessageRequest, CreateMessageRequestBody

kind, domain, app_id, secret, path = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(secret).domain(domain).build()
file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
tasks = set()


def request(data, text: str) -> CreateMessageRequest:
    body = CreateMessageRequestBody.builder().receive_id(data.event.message.chat_id).msg_type("text")
    body = body.content(json.dumps({"text": text})).build()
    return CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body).build()


def plan(data) -> tuple[str, float, int]:
    name, pause, answers = json.loads(data.event.message.content)["text"].split()
    return name, float(pause), int(answers)


def answer(data) -> None:
    name, pause, answers = plan(data)
    os.write(file, f"B {name}\n".encode())
    for number in range(answers):
        time.sleep(pause)
        client.im.v1.message.create(request(data, f"{name}.{number}"))
    os.write(file, f"E {name}\n".encode())


async def run(data) -> None:
    name, pause, answers = plan(data)
    os.write(file, f"B {name}\n".encode())
    for number in range(answers):
        await asyncio.sleep(pause)
        await client.im.v1.message.acreate(request(data, f"{name}.{number}"))
    os.write(file, f"E {name}\n".encode())


def answer_later(data) -> None:
    task = asyncio.get_running_loop().create_task(run(data))
    tasks.add(task)
    task.add_done_callback(tasks.discard)


builder = lark.EventDispatcherHandler.builder("", "")
handler = builder.register_p2_im_message_receive_v1(answer if kind == "sync" else answer_later).build()
lark.ws.Client(app_id, secret, event_handler=handler, domain=domain, log_level=lark.LogLevel.ERROR).start()
