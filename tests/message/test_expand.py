"""The flat list of a merged forward -> a tree."""

import json
import random

from nonebot_adapter_feishu_ws.message import EXPAND_COUNT, expand


def item(message_id, upper=None, text="", time=0, **more):
    body = {"content": json.dumps({"text": text or message_id})}
    sender = {"id": f"ou_{message_id}", "id_type": "open_id", "sender_type": "user"}
    found = {"message_id": message_id, "msg_type": "text", "create_time": str(time), "sender": sender, "body": body}
    return {**found, **({"upper_message_id": upper} if upper else {}), **more}


def forward(message_id, upper=None, time=0):
    body = {"content": "Merged and Forwarded Message"}
    return item(message_id, upper, time=time, msg_type="merge_forward", body=body)


def names(tree):
    return [child.message_id if not child.children else [child.message_id, *names(child)] for child in tree.children]


def count(tree):
    return sum(1 + count(child) for child in tree.children)


def test_a_nested_forward_becomes_a_tree_in_order():
    tree = expand(
        [
            forward("root"),
            item("late", "root", time=30),
            forward("inner", "root", time=20),
            item("early", "root", time=10),
            item("deep", "inner", time=5),
        ],
        "root",
    )
    assert names(tree) == ["early", ["inner", "deep"], "late"]
    assert tree.message[0].type == tree.children[1].message[0].type == "merge_forward"
    assert tree.children[1].message[0].data["message_id"] == "inner"
    early = tree.children[0]
    assert (early.sender_id, early.sender_type, early.create_time, early.msg_type) == ("ou_early", "user", 10, "text")
    assert str(tree) == "ou_early: early\nou_inner:\n  ou_deep: deep\nou_late: late"
    assert not tree.truncated


def test_mentions_of_fetched_messages_are_resolved():
    mentions = [{"key": "@_user_1", "id": "ou_li", "id_type": "open_id", "name": "Li"}]
    mentions.append({"key": "@_user_2", "id": {"open_id": "ou_wang"}, "name": "Wang"})
    tree = expand([item("a", "root", "@_user_1 @_user_2", mentions=mentions)], "root")
    assert [segment.data["user_id"] for segment in tree.children[0].message["at"]] == ["ou_li", "ou_wang"]


def test_without_the_forward_itself_and_with_unknown_places_nothing_is_lost():
    tree = expand([item("a"), item("b", "never seen"), item("c", "a")], "root")
    assert names(tree) == [["a", "c"], "b"]
    assert (tree.message_id, tree.msg_type) == ("root", "merge_forward")


def test_loops_end():
    tree = expand([item("a", "b"), item("b", "a"), item("c", "c"), item("d", "a")], "root")
    assert count(tree) == 4


def test_the_depth_is_bounded():
    items = [forward("0", "root"), *(forward(str(n), str(n - 1)) for n in range(1, 100))]
    tree = expand(items, "root", max_depth=3)
    levels, node = 0, tree
    while node.children:
        levels, node = levels + 1, node.children[0]
    assert levels == 3
    assert node.truncated
    assert str(tree).endswith("...")


def test_the_count_is_bounded():
    tree = expand([item(str(n), "root", time=n) for n in range(10_000)], "root")
    assert count(tree) == EXPAND_COUNT
    assert tree.truncated
    assert not expand([item("1", "root")], "root", max_count=1).truncated


def test_damaged_items_raise_nothing_and_are_kept():
    rand = random.Random(7)
    junk = [None, 5, "", [], {}, {"id": {}}, "@_user_1", float("nan"), [None, {"key": 5}], "om_1", "root"]
    for _ in range(3000):
        items = [item(str(n), rand.choice(["root", "1", None]), time=n) for n in range(4)]
        for broken in items:
            broken[rand.choice(list(broken))] = rand.choice(junk)
        ids = {found["message_id"] if isinstance(found["message_id"], str) else None for found in items}
        tree = expand(items, "root")
        assert isinstance(str(tree), str)
        assert count(tree) >= len({found for found in ids if found} - {"root"})
