"""alconna's buttons -> a card."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

from collections.abc import Iterator, Sequence

from nonebot_plugin_alconna.uniseg.segment import Button, Keyboard, Other, Reply, Segment, Text

from ... import card as cards
from ...message import MessageSegment

_TYPES: dict[str, cards.controls.ButtonType] = {
    **dict.fromkeys(("primary", "success", "info"), "primary"),
    **dict.fromkeys(("danger", "warning"), "danger"),
    "link": "primary_text",
}
MAX_LABEL = 100


def with_cards(source: Sequence[Segment]) -> list[Segment]:
    """Put a card in place of buttons that follow each other; words alone around them go onto the card too."""
    if not any(isinstance(seg, (Button, Keyboard)) for seg in source):
        return list(source)
    if all(isinstance(seg, (Button, Keyboard, Text, Reply)) for seg in source):
        replies = [seg for seg in source if isinstance(seg, Reply)]
        return [*replies, _card([seg for seg in source if not isinstance(seg, Reply)])]
    result: list[Segment] = []
    run: list[Segment] = []
    for seg in source:
        if isinstance(seg, (Button, Keyboard)):
            run.append(seg)
            continue
        if run:
            result.append(_card(run))
            run = []
        result.append(seg)
    return [*result, _card(run)] if run else result


def _card(segments: Sequence[Segment]) -> Segment:
    elements = [element for group in _groups(segments) for element in group]
    return Other(MessageSegment.card(cards.Card(elements)))


def _groups(segments: Sequence[Segment]) -> Iterator[list[cards.Component]]:
    row: list[Button] = []
    for seg in segments:
        if isinstance(seg, Button):
            row.append(seg)
            continue
        if row:
            yield _row(row)
            row = []
        if isinstance(seg, Keyboard):
            width = seg.row or len(seg.children) or 1
            for start in range(0, len(seg.children), width):
                yield _row(seg.children[start : start + width])
        elif str(seg).strip():
            yield [cards.Div(seg.text if isinstance(seg, Text) else str(seg))]
    if row:
        yield _row(row)


def _row(buttons: Sequence[Button]) -> list[cards.Component]:
    shown = [button for button in (_button(each) for each in buttons) if button is not None]
    # A button that types for the user does not exist in Feishu: what is to be typed stands there to be read.
    told = [cards.Div(f"{each.label}: {each.text}") for each in buttons if each.flag in ("input", "enter")]
    if len(shown) < 2:
        return [*shown, *told]
    columns = [cards.Column([button], width="auto") for button in shown]
    return [cards.Columns(columns, flex_mode="flow"), *told]


def _button(button: Button) -> cards.Button | None:
    label = str(button.label)[:MAX_LABEL]
    kind = _TYPES.get(button.style or "", "default")
    if button.flag == "link" and button.url:
        return cards.Button(label, url=button.url, type=kind)
    if button.flag == "action":
        return cards.Button(label, value={"action": button.id or str(button.label)}, type=kind)
    return None
