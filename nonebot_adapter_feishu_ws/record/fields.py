"""What may stand in a recording as it is: an allowlist, so that what nobody knows is never written in the clear."""

import pkgutil
import re
from functools import cache
from importlib import import_module

from pydantic import BaseModel


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENUMS = _words(
    """
    action_type actions_type align background_style build_type card_msg_content_type chat_mode chat_status chat_tag
    chat_type code color column_width container_id_type delivery_type device_type direction edit_mode emoji_type
    event_type expand fallback file_type flex_mode group_message_type has_more height host horizontal_align
    horizontal_spacing icon_position image_type id_type i18n_locale input_type is_bot join_message_visibility language
    leave_message_visibility locale margin mention_type mentioned_type member_id_type membership_approval message_type
    method msg_type operator_type padding platform position preset receive_id_type required schema sender_type size
    sort_type status style tag template text_align text_color text_size type update_multi urgent_type user_id_type
    vertical_align vertical_spacing via visibility weight width
    """
)
"""Fields whose values are words of Feishu's documents."""
ENUM = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}|\d{1,4}(?:\.\d{1,2})?(?:px|%)?", re.ASCII)
NUMBERS = _words(
    """
    bot_count code duration expire height interval num page_size position sequence status
    timezone_offset total user_count version weight width
    """
)
"""Fields whose numbers say nothing of a person."""
FREE = _words("extra ext form_value input_value option options payload params value values")
"""Fields below which names and values are those of a plugin or of a person, whatever they are called."""
IDS = _words("id ids appid nonce ticket token uuid guid open_ids user_ids members operators chatters")
IDS_END = ("_id", "_ids", "_id_list", "_key", "_keys", "_token", "_ticket")
TIMES = _words("ts time timestamp date create_at update_at")
TIMES_END = ("_time", "_timestamp", "_ts", "_at", "_date")
TEXTS = frozenset({"text", "title", "content"})
"""What people wrote, in the content of their messages."""
CONTENT = _words(
    """
    alt action actions at behaviors body card card_link checked columns config confirm content data default_url
    divider_text elements en_us event fields file file_name header height href href_url i18n i18n_content i18n_elements
    i18n_text icon image image_key img_key initial_option items ja_jp json lines link markdown multi_url name note
    placeholder post rows schema streaming_config streaming_mode subtitle summary text title un_escape url user_name
    vertical_align wide_screen_mode width zh_cn zh_hk zh_tw challenge open_message_id open_chat_id msg error bot
    app_name avatar_url activate_status ip_white_list log_id troubleshooter permission_violations field_violations
    """
)
"""Names inside contents and cards, which no model of an event has."""
SEGMENTS = _words(
    """
    open-apis im contact bot cardkit application event bitable docx docs drive calendar task approval sheets wiki
    minutes vc search mail files tables records blocks spaces nodes tasks documents calendars instances apps images
    messages chats users departments info v1 v2 v3 v4 v5 v6 v7
    """
)


@cache
def known_names() -> frozenset[str]:
    """The names of fields in Feishu's documents: those of all events, typed methods and their answers."""
    names = ENUMS | NUMBERS | FREE | IDS | TIMES | CONTENT
    for package in ("event", "event.generated", "api.models"):
        folder = import_module(f"...{package}", __name__)
        for found in pkgutil.iter_modules(folder.__path__):
            for each in vars(import_module(f"{folder.__name__}.{found.name}")).values():
                if isinstance(each, type) and issubclass(each, BaseModel):
                    names |= {field.alias or name for name, field in each.model_fields.items()}
    from ..api.registry import all_methods

    return names.union(*(method.parameters for method in all_methods().values()))


@cache
def known_segments() -> frozenset[str]:
    """The fixed parts of the documented paths."""
    from ..api.registry import all_methods

    parts = {part for method in all_methods().values() for part in method.path.split("/")}
    return SEGMENTS | {part for part in parts if "{" not in part}


def is_id(name: str) -> bool:
    """Whether a field holds ids, keys or tokens."""
    return name in IDS or name.endswith(IDS_END)


def is_time(name: str) -> bool:
    """Whether a field holds times."""
    return name in TIMES or name.endswith(TIMES_END)
