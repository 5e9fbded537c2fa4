"""The official SDK's typed REST client against the sandbox."""

import io
import json
from typing import Any

import lark_oapi as lark
from lark_oapi.api.im.v1 import (
    CreateFileRequest,
    CreateFileRequestBody,
    CreateImageRequest,
    CreateImageRequestBody,
    CreateMessageRequest,
    CreateMessageRequestBody,
    DeleteMessageRequest,
    GetChatRequest,
    GetMessageRequest,
    GetMessageResourceRequest,
    ListMessageRequest,
    ReplyMessageRequest,
    ReplyMessageRequestBody,
    UpdateMessageRequest,
    UpdateMessageRequestBody,
)


def story(domain: str, app_id: str, secret: str, chat: str) -> dict[str, Any]:
    """Sends, reads, edits and recalls; what it saw. Blocks."""
    client = lark.Client.builder().app_id(app_id).app_secret(secret).domain(domain).build()
    im = client.im.v1

    def ok(response):
        assert response.success(), (response.code, response.msg, response.get_log_id())
        return getattr(response, "data", None)

    def create(msg_type: str, content: dict, receiver: str = chat):
        body = (
            CreateMessageRequestBody.builder()
            .receive_id(receiver)
            .msg_type(msg_type)
            .content(json.dumps(content))
            .build()
        )
        return im.message.create(CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body).build())

    text = ok(create("text", {"text": "from the SDK"}))
    image = ok(
        im.image.create(
            CreateImageRequest.builder()
            .request_body(CreateImageRequestBody.builder().image_type("message").image(io.BytesIO(b"picture")).build())
            .build()
        )
    )
    file = ok(
        im.file.create(
            CreateFileRequest.builder()
            .request_body(
                CreateFileRequestBody.builder()
                .file_type("stream")
                .file_name("a.txt")
                .file(io.BytesIO(b"words"))
                .build()
            )
            .build()
        )
    )
    sent_image = ok(create("image", {"image_key": image.image_key}))
    ok(create("file", {"file_key": file.file_key}))
    reply_body = (
        ReplyMessageRequestBody.builder().msg_type("text").content('{"text": "reply"}').reply_in_thread(True).build()
    )
    reply = ok(
        im.message.reply(ReplyMessageRequest.builder().message_id(text.message_id).request_body(reply_body).build())
    )
    edit = UpdateMessageRequestBody.builder().msg_type("text").content('{"text": "edited"}').build()
    ok(im.message.update(UpdateMessageRequest.builder().message_id(text.message_id).request_body(edit).build()))
    got = ok(im.message.get(GetMessageRequest.builder().message_id(text.message_id).build()))
    listed = ok(im.message.list(ListMessageRequest.builder().container_id_type("chat").container_id(chat).build()))
    resource = im.message_resource.get(
        GetMessageResourceRequest.builder()
        .message_id(sent_image.message_id)
        .file_key(image.image_key)
        .type("image")
        .build()
    )
    group = ok(im.chat.get(GetChatRequest.builder().chat_id(chat).build()))
    ok(im.message.delete(DeleteMessageRequest.builder().message_id(text.message_id).build()))
    refused = create("text", {"text": "x"}, receiver="oc_unknown")
    return {
        "got": got.items[0].body.content,
        "updated": got.items[0].updated,
        "thread": bool(reply.thread_id),
        "listed": len(listed.items),
        "resource": resource.file.read().decode(),
        "group": group.name,
        "refused": refused.code,
        "log_id": bool(refused.get_log_id()),
    }
