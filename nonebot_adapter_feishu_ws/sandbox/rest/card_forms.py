"""The forms in which a card is read back: ``card_msg_content_type`` of 获取指定消息的内容 and 获取会话历史消息."""

import json
import re
from typing import Any

from ...net.bounded_json import as_list, as_object, as_text, is_list, is_object
from ..state import World
from .cardkit import shown_content

UPGRADE = "请升级至最新版本客户端，以查看内容"
_AT = re.compile(r"<at id=[\"']?([^\"'>]+)[\"']?></at>")
_DATA = ("value", "chart_spec", "template_variable")
_CONTROLS = ("button", "select_static", "select_person", "overflow", "date_picker", "picker_time", "picker_datetime")


def card_form(world: World, content: str, form: str | None) -> str:
    """A card message's content as it is read back.

    Args:
        world: with the entities that messages show, and the people that they mention.
        content: as it was sent.
        form: ``user_card_content`` gives the card as it was sent, ``raw_card_content`` the client's tree, anything else
            the summary of events (接收消息内容), which has no words of JSON 2.0.
    """
    card = as_object(json.loads(shown_content(world, content)))
    if form == "user_card_content":
        return json.dumps(card, ensure_ascii=False)
    if form != "raw_card_content":
        return json.dumps(_summary(card), ensure_ascii=False)
    people = {user.open_id: {"content": user.name} for user in world.users.values() if user.open_id in json.dumps(card)}
    schema = 2 if card.get("schema") == "2.0" else 1
    elements = as_list(as_object(card.get("body")).get("elements")) or as_list(card.get("elements"))
    if card.get("type") == "template":
        # Feishu draws the template. The sandbox has none: the variables are what it can show.
        variables = as_object(as_object(card.get("data")).get("template_variable"))
        elements = [{"tag": "plain_text", "content": f"{name} is {value}"} for name, value in variables.items()]
    body = {"tag": "body", "property": {"elements": client_tree(elements)}}
    header = {"tag": "card_header", "property": client_tree(as_object(card.get("header")))}
    tree = json.dumps({"schema": schema, "header": header, "body": body}, ensure_ascii=False)
    attached = json.dumps({"persons": people, "at_users": people, "option_users": people}, ensure_ascii=False)
    return json.dumps({"json_card": tree, "json_attachment": attached, "card_schema": schema}, ensure_ascii=False)


def client_tree(node: Any) -> Any:
    """Components as the client's tree has them: their fields in camel case under ``property``."""
    if is_list(node):
        return [client_tree(each) for each in node]
    if not is_object(node):
        return node
    fields = {_camel(key): value if key in _DATA else client_tree(value) for key, value in node.items() if key != "tag"}
    tag = node.get("tag")
    if type(place := fields.get("initialIndex")) is int:
        fields["initialIndex"] = place - 1  # counts from 0
    if tag in ("markdown", "lark_md"):
        fields["elements"] = _pieces(str(fields.pop("content", "")))
    elif tag == "table":
        rows = map(as_object, as_list(node.get("rows")))
        fields["rows"] = [{name: {"data": cell} for name, cell in row.items()} for row in rows]
    if links := [as_object(each) for each in as_list(node.get("behaviors"))]:
        fields["actions"] = [
            {"type": each.get("type"), "action": {"url": each.get("default_url", "")}} for each in links
        ]
        del fields["behaviors"]
    return {"tag": tag, "property": fields} if tag else fields


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join("ID" if word == "id" else word.capitalize() for word in rest)


def _pieces(content: str) -> list[dict[str, Any]]:
    texts = enumerate(_AT.split(content))
    kinds = (("text", "content"), ("at", "userID"))
    return [{"tag": kinds[at % 2][0], "property": {kinds[at % 2][1]: text}} for at, text in texts if text]


def _summary(card: dict[str, Any]) -> dict[str, Any]:
    title = _words(as_object(card.get("header")).get("title")) or None
    if card.get("schema") == "2.0" or card.get("type"):
        picture = {"tag": "img", "image_key": "img_v3_upgrade"}
        return {"title": title, "elements": [[picture, {"tag": "text", "text": UPGRADE}, {"tag": "text", "text": ""}]]}
    return {"title": title, "elements": _rows(card.get("elements"))}


def _rows(elements: object) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = []
    for element in map(as_object, as_list(elements)):
        match element.get("tag"):
            case "action":
                rows.append([_control(each) for each in map(as_object, as_list(element.get("actions")))])
            case "note":
                pieces = [piece for row in _rows(element["elements"]) for piece in row]
                rows.append([{"tag": "note", "elements": pieces}])
            case "column_set":
                rows += [row for column in element["columns"] for row in _rows(column.get("elements"))]
            case "hr":
                rows.append([{"tag": "hr"}])
            case "img":
                rows.append([{"tag": "img", "image_key": element.get("img_key")}])
            case _:
                texts = [element.get("text", element), *(field.get("text") for field in element.get("fields", ()))]
                row: list[dict[str, Any]] = [{"tag": "text", "text": _words(text)} for text in texts]
                extra = as_object(element.get("extra"))
                rows.append([*row, _control(extra)] if as_text(extra.get("tag")) in _CONTROLS else row)
    return rows


def _control(component: dict[str, Any]) -> dict[str, Any]:
    shown = {key: component[key] for key in ("tag", "type", "initial_date") if key in component}
    shown |= {key: _words(component[key]) for key in ("text", "placeholder") if key in component}
    options = [_words(as_object(each).get("text")) for each in as_list(component.get("options"))]
    return {**shown, "options": options} if options else shown


def _words(text: object) -> str:
    return text if isinstance(text, str) else str(as_object(text).get("content", ""))
