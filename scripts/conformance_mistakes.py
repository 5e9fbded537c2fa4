"""Requests that the sandbox must refuse as Feishu does: the mistakes a client can make."""

import json
from collections.abc import Mapping
from typing import Any

from scripts.conformance_stage import APP, CARD, MARKDOWN, MENU, TAB

DIVIDER = '{"type": "divider", "params": {"divider_text": {"text": "x"}}}'
SEND = "POST im/v1/messages?receive_id_type=chat_id"
TO_TOPIC = "POST im/v1/messages/{message_id}/forward?receive_id_type=thread_id"
ELEMENT = "cardkit/v1/cards/{card_id}/elements/{element_id}"
CARDS = "POST cardkit/v1/cards"
USERS, USER = "POST contact/v3/users", "PATCH contact/v3/users/{user_id}"


def card_of(*elements: Mapping[str, Any]) -> str:
    """A card as JSON."""
    return json.dumps({"schema": "2.0", "body": {"elements": elements}})


MISTAKES: tuple[tuple[str, dict[str, Any], int], ...] = (
    (SEND, {"msg_type": "text", "content": '{"text": ""}'}, 230001),
    (SEND, {"msg_type": "text", "content": json.dumps({"text": "x" * 160_000})}, 230025),
    (SEND, {"msg_type": "image", "content": '{"image_key": "none"}'}, 230001),
    (SEND, {"msg_type": "interactive", "content": '{"schema": "3.0"}'}, 230099),
    (SEND, {"msg_type": "audio", "content": '{"file_key": "$file_key"}'}, 230055),
    (SEND, {"msg_type": "sticker", "content": '{"file_key": "$video_key"}'}, 230055),
    (SEND, {"msg_type": "file", "content": '{"file_key": "$video_key"}'}, 230055),
    (SEND, {"msg_type": "file", "content": '{"file_key": "$received_key"}'}, 230017),
    (SEND, {"msg_type": "system", "content": DIVIDER}, 230001),
    (SEND, {"receive_id": "$outside", "msg_type": "text", "content": '{"text": "x"}'}, 230002),
    (SEND, {"receive_id": "$gone", "msg_type": "text", "content": '{"text": "x"}'}, 232009),
    (SEND, {"receive_id": "$quiet", "msg_type": "text", "content": '{"text": "x"}'}, 230018),
    ("POST im/v1/messages?receive_id_type=no", {"msg_type": "text", "content": '{"text": "x"}'}, 99992402),
    (
        SEND.replace("chat_id", "open_id"),
        {"receive_id": "$left", "msg_type": "text", "content": '{"text": "x"}'},
        230029,
    ),
    ("GET im/v1/messages/om_none", {}, 99992354),
    ("PUT im/v1/messages/{message_id}", {"msg_type": "image", "content": "{}"}, 230054),
    ("PUT im/v1/messages/{said}", {"msg_type": "text", "content": '{"text": "x"}'}, 230026),
    ("PATCH im/v1/messages/{old}", {"content": json.dumps(CARD)}, 230031),
    ("PATCH im/v1/messages/{recalled}", {"content": json.dumps(CARD)}, 230011),
    ("GET im/v1/messages/{old}/read_users?user_id_type=open_id", {}, 230033),
    ("POST im/v1/messages/{recalled}/reply", {"msg_type": "text", "content": '{"text": "x"}'}, 230011),
    ("POST im/v1/messages/{recalled}/forward?receive_id_type=chat_id", {}, 230110),
    ("POST im/v1/messages/{voice}/forward?receive_id_type=chat_id", {}, 230061),
    (TO_TOPIC, {"receive_id": "omt_none"}, 230019),
    ("PATCH im/v1/messages/{said}/urgent_app?user_id_type=open_id", {"user_id_list": ["$open_id"]}, 230012),
    ("POST im/v1/messages/{message_id}/reactions", {"reaction_type": {}}, 231001),
    ("DELETE im/v1/messages/{message_id}/reactions/none", {}, 231011),
    ("DELETE im/v1/messages/{said}/reactions/{reaction_id}", {}, 231010),
    ("DELETE im/v1/messages/{said}/reactions/{liked}", {}, 231007),
    ("GET im/v1/chats/oc_none", {}, 232006),
    ("GET im/v1/chats/{gone}", {}, 232009),
    ("GET im/v1/chats/{outside}", {}, 232011),
    ("POST im/v1/chats", {"chat_type": "public", "name": "x"}, 232020),
    ("POST im/v1/chats", {"chat_type": "public"}, 232042),
    ("POST im/v1/chats", {"user_id_list": ["ou_none"]}, 232043),
    ("POST im/v1/chats", {"bot_id_list": ["cli_none"]}, 232021),
    ("POST im/v1/chats", {"chat_type": "open"}, 232001),
    ("PUT im/v1/chats/{chat_id}", {"owner_id": "ou_none"}, 232012),
    ("PUT im/v1/chats/{quiet}", {"membership_approval": "no_approval_required"}, 232016),
    ("DELETE im/v1/chats/{quiet}", {}, 232017),
    ("DELETE im/v1/chats/{chat_id}/members?member_id_type=app_id", {"id_list": [APP]}, 232076),
    ("POST im/v1/chats/{chat_id}/managers/add_managers", {"manager_ids": ["ou_none"]}, 232027),
    ("PUT im/v1/chats/{quiet}/moderation", {"moderation_setting": "all_members"}, 232002),
    ("POST im/v1/chats/{private}/link", {}, 232062),
    ("PATCH im/v1/chats/{chat_id}/announcement", {"revision": "500", "requests": ["x"]}, 232018),
    ("POST im/v1/chats/{chat_id}/menu_tree", {"menu_tree": {"chat_menu_top_levels": [MENU] * 4}}, 232070),
    (
        "POST im/v1/chats/{chat_id}/menu_tree",
        {"menu_tree": {"chat_menu_top_levels": [{**MENU, "children": [MENU] * 6}]}},
        232071,
    ),
    ("POST im/v1/chats/{chat_id}/menu_tree/sort", {"chat_menu_top_level_ids": ["none"]}, 232072),
    ("POST im/v1/chats/{chat_id}/chat_tabs", {"chat_tabs": [{"tab_type": "url"}]}, 232048),
    ("POST im/v1/chats/{chat_id}/chat_tabs", {"chat_tabs": [{**TAB, "tab_name": "x" * 61}]}, 232047),
    ("POST im/v1/chats/{chat_id}/chat_tabs", {"chat_tabs": [TAB] * 20}, 232046),
    ("POST im/v1/chats/{topics}/chat_tabs", {"chat_tabs": [TAB]}, 232050),
    ("DELETE im/v1/chats/{chat_id}/chat_tabs/delete_tabs", {"tab_ids": ["$first_tab"]}, 232049),
    ("GET im/v1/images/none", {}, 234005),
    ("GET im/v1/images/{others_image}", {}, 234008),
    ("GET im/v1/messages/{message_id}/resources/none?type=file", {}, 234003),
    ("GET im/v1/messages/{outside_message}/resources/none?type=file", {}, 234004),
    ("GET im/v1/messages/{old}/resources/none?type=file", {}, 234043),
    ("GET contact/v3/users/ou_none", {}, 41012),
    (USERS, {"name": "x", "mobile": "$mobile", "department_ids": ["0"], "employee_type": 1}, 41001),
    (USERS, {"name": "x", "mobile": "1", "email": "$email", "department_ids": ["0"], "employee_type": 1}, 41002),
    (USERS, {"name": "x", "mobile": "1", "email": "x", "department_ids": ["0"], "employee_type": 1}, 41005),
    (USERS, {"name": "x" * 256, "mobile": "1", "department_ids": ["0"], "employee_type": 1}, 41070),
    (USER, {"leader_user_id": "$user_id"}, 41030),
    (USER, {"job_title": "x" * 101}, 41063),
    ("POST contact/v3/users/{user_id}/resurrect", {}, 44033),
    (CARDS, {"type": "card_json", "data": "{}"}, 300307),
    (CARDS, {"type": "card_json", "data": '{"schema": "1.0"}'}, 300303),
    (CARDS, {"type": "card_json", "data": "no"}, 10002),
    (CARDS, {"type": "card_json", "data": json.dumps({**CARD, "config": {"update_multi": False}})}, 300302),
    (CARDS, {"type": "card_json", "data": json.dumps({**CARD, "x": "x" * 31_000})}, 200860),
    (CARDS, {"type": "card_json", "data": card_of(MARKDOWN, MARKDOWN)}, 300301),
    (CARDS, {"type": "card_json", "data": card_of(*[{"tag": "hr"}] * 201)}, 300305),
    ("PUT cardkit/v1/cards/none", {"card": {"type": "card_json", "data": "{}"}, "sequence": 1}, 200740),
    ("PUT cardkit/v1/cards/{others_card}", {"card": {"type": "card_json", "data": "{}"}, "sequence": 1}, 300311),
    ("PUT cardkit/v1/cards/{card_id}", {"card": {"type": "card_json", "data": "{}"}, "sequence": 0}, 300317),
    (f"PUT {ELEMENT}/content", {"content": "x", "sequence": 1}, 300309),
    (f"PATCH {ELEMENT}", {"partial_element": '{"tag": "img"}', "sequence": 1}, 300312),
    ("PATCH cardkit/v1/cards/{card_id}/elements/none", {"partial_element": "{}", "sequence": 1}, 300313),
    ("DELETE cardkit/v1/cards/{card_id}/elements/none", {"sequence": 1}, 300314),
    ("POST cardkit/v1/cards/{card_id}/elements", {"type": "append", "elements": "{}", "sequence": 1}, 10002),
    ("PATCH cardkit/v1/cards/{card_id}/settings", {"settings": '{"config": 1}', "sequence": 1}, 300122),
    ("DELETE im/v1/batch_messages/none", {}, 230030),
    ("POST message/v4/batch_send", {"msg_type": "text", "content": {"text": "x"}}, 10003),
)
"""Requests that are refused: method and path, body, code; ``{name}`` and ``$name`` are ids of the stage."""
