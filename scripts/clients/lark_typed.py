"""lark-oapi's typed client: uploads, sends, replies, edits, reads and recalls."""

import io
import json
import sys

import lark_oapi as lark
from lark_oapi.api.im.v1 import (
    CreateImageRequest,
    CreateImageRequestBody,
    CreateMessageRequest,
    CreateMessageRequestBody,
    DeleteMessageRequest,
    GetMessageRequest,
    ReplyMessageRequest,
    ReplyMessageRequestBody,
    UpdateMessageRequest,
    UpdateMessageRequestBody,
)

domain, app_id, secret, chat = sys.argv[1:]
im = lark.Client.builder().app_id(app_id).app_secret(secret).domain(domain).build().im.v1


def ok(response):
    assert response.success(), (response.code, response.msg)
    return getattr(response, "data", None)


def create(msg_type: str, content: dict):
    body = CreateMessageRequestBody.builder().receive_id(chat).msg_type(msg_type).content(json.dumps(content)).build()
    return ok(im.message.create(CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body).build()))


picture = CreateImageRequestBody.builder().image_type("message").image(io.BytesIO(b"picture")).build()
create(
    "image", {"image_key": ok(im.image.create(CreateImageRequest.builder().request_body(picture).build())).image_key}
)
text = create("text", {"text": "heard"}).message_id
reply = ReplyMessageRequestBody.builder().msg_type("text").content('{"text": "reply"}').build()
other = ok(im.message.reply(ReplyMessageRequest.builder().message_id(text).request_body(reply).build())).message_id
edit = UpdateMessageRequestBody.builder().msg_type("text").content('{"text": "heard hello"}').build()
ok(im.message.update(UpdateMessageRequest.builder().message_id(text).request_body(edit).build()))
[item] = ok(im.message.get(GetMessageRequest.builder().message_id(text).build())).items
assert item.updated
assert json.loads(item.body.content)["text"] == "heard hello"
ok(im.message.delete(DeleteMessageRequest.builder().message_id(other).build()))
