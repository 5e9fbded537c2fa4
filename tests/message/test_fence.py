"""The fences of Markdown, for long messages and for streams."""

import pytest

from nonebot_adapter_feishu_ws.message.split import closing_line, fence_after


@pytest.mark.parametrize(
    ("line", "fence", "after"),
    [
        ("```py\n", "", "```py"),
        ("   ~~~ x `y`", "", "   ~~~ x `y`"),
        ("\t````", "", "\t````"),
        ("``` a `b`", "", ""),
        ("``", "", ""),
        ("text ```", "", ""),
        ("```", "```py", ""),
        ("  `````  \r\n", "```py", ""),
        ("``", "```py", "```py"),
        ("~~~", "```py", "```py"),
        ("```py", "```py", "```py"),
        ("```", "````", "````"),
        ("", "```", "```"),
    ],
)
def test_the_fence_that_is_open_after_a_line(line, fence, after):
    assert fence_after(line, fence) == after


def test_a_fence_is_closed_with_its_own_marks():
    assert closing_line("  ````py") == "  ````"
    assert closing_line("") == ""
