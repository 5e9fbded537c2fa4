"""The official SDK's typed client, told by lists what to call.

A call is ``[service, resource, method, arguments, body]``:
``["im", "chat", "get", {"chat_id": "oc_1"}, None]``.
"""

import importlib
import json
from typing import Any

import lark_oapi as lark

VERSIONS = {"im": "v1", "contact": "v3", "application": "v6", "event": "v1"}


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def run(client, service: str, resource: str, method: str, arguments: dict, body: dict | None):
    version = VERSIONS[service]
    module = importlib.import_module(f"lark_oapi.api.{service}.{version}")
    name = f"{camel(method)}{camel(resource)}Request"
    builder = getattr(module, name).builder()
    for key, value in arguments.items():
        getattr(builder, key)(value)
    if body is not None:
        body_class = module.UrgentReceivers if method.startswith("urgent") else getattr(module, f"{name}Body")
        builder.request_body(body_class(body))
    response = getattr(getattr(getattr(getattr(client, service), version), resource), method)(builder.build())
    data = getattr(response, "data", None)
    return {"code": response.code, "data": json.loads(lark.JSON.marshal(data)) if data else {}}


def answers(domain: str, app_id: str, secret: str, calls: list[list[Any]]) -> list[dict[str, Any]]:
    """What the SDK gets; blocks."""
    client = lark.Client.builder().app_id(app_id).app_secret(secret).domain(domain).build()
    return [run(client, *call) for call in calls]
