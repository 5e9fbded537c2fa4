"""The official Python SDK's own clients, unmodified, as a process: ``sdk_client.py DOMAIN APP SECRET``."""

import json
import sys

import lark_oapi as lark
from lark_oapi.api.im.v1 import P2ImMessageReceiveV1, ReplyMessageRequest, ReplyMessageRequestBody

domain, app_id, secret = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(secret).domain(domain).build()


def answer(data: P2ImMessageReceiveV1) -> None:
    message = data.event.message
    text = json.loads(message.content)["text"]
    body = ReplyMessageRequestBody.builder().msg_type("text").content(json.dumps({"text": f"sdk heard {text}"})).build()
    request = ReplyMessageRequest.builder().message_id(message.message_id).request_body(body).build()
    response = client.im.v1.message.reply(request)
    if not response.success():
        raise RuntimeError(f"{response.code} {response.msg}")


handler = lark.EventDispatcherHandler.builder("", "").register_p2_im_message_receive_v1(answer).build()
lark.ws.Client(app_id, secret, event_handler=handler, domain=domain, log_level=lark.LogLevel.WARNING).start()
