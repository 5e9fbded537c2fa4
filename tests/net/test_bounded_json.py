"""What may be read as JSON, and what is refused before or while it is read."""

import json

import pytest

from nonebot_adapter_feishu_ws.net import bounded_json
from nonebot_adapter_feishu_ws.net.bounded_json import MAX_DEPTH, MAX_VALUES, JsonError, read_json

HALF = '"\\ud83d"'
"""Half of a character: what the fast parser refuses, so that the slow one reads the rest."""
LONG = json.dumps("x" * 3000)


def nested(depth: int, kind: str = "[") -> str:
    return "[" * depth + "]" * depth if kind == "[" else '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize("depth", [500, 1000, 100_000])
@pytest.mark.parametrize("kind", ["[", "{"])
@pytest.mark.parametrize("before", ["", HALF, LONG], ids=["fast", "surrogate", "long"])
def test_what_is_nested_too_deeply_is_refused_by_either_parser(depth, kind, before):
    text = f"[{before}, {nested(depth, kind)}]" if before else nested(depth, kind)
    for data in (text, text.encode()):
        with pytest.raises(JsonError, match=f"nested more than {MAX_DEPTH}"):
            read_json(data)


@pytest.mark.parametrize("before", ["1", HALF, LONG], ids=["fast", "surrogate", "long"])
def test_what_is_nested_within_the_bound_is_read(before):
    for data in (text := f"[{before}, {nested(MAX_DEPTH - 1)}]", text.encode()):
        assert len(read_json(data)) == 2
    wide = f"[{before}, {', '.join(['[[]]'] * 1000)}]"
    assert len(read_json(wide)) == 1001, "many brackets are not many levels"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "9" * 5000, "9" * 1_000_000])
@pytest.mark.parametrize("before", ["1", HALF, LONG], ids=["fast", "surrogate", "long"])
def test_what_other_parsers_take_for_numbers_is_no_json(text, before):
    for data in (full := f'[{before}, {{"a": {text}}}]', full.encode()):
        with pytest.raises(JsonError, match="is not JSON"):
            read_json(data)


@pytest.mark.parametrize("text", ["", " ", "{", "[1,]", "{'a': 1}", "\x00", "[1] x", "tru"])
def test_what_is_no_json(text):
    with pytest.raises(JsonError, match="is not JSON"):
        read_json(text)
    with pytest.raises(JsonError, match="is not JSON"):
        read_json(text.encode())


def test_the_last_of_two_keys_counts_in_both_parsers():
    assert read_json('{"a": 1, "a": 2}') == {"a": 2}
    assert read_json(f'{{"b": {HALF}, "a": 1, "a": 2}}')["a"] == 2
    assert read_json(f'{{"b": {LONG}, "a": 1, "a": 2}}')["a"] == 2


def test_a_million_values_are_refused_before_they_are_read(monkeypatch):
    def parse(*_, **__):
        raise AssertionError("a parser was called")

    bomb = json.dumps({str(number): number for number in range(1_000_000)}).encode()
    monkeypatch.setattr(bounded_json, "from_json", parse)
    monkeypatch.setattr(json, "loads", parse)
    with pytest.raises(JsonError, match=f"more than {MAX_VALUES} values"):
        read_json(bomb)


def test_the_longest_message_of_commas_gets_through():
    assert read_json(json.dumps({"text": "," * 150_000})) == {"text": "," * 150_000}


def test_half_of_a_character_is_read_as_an_escape_and_as_it_is():
    assert read_json(f"[{HALF}]") == read_json('["\ud83d"]') == ["\ud83d"]
