"""The matrix: each operation of each bridge, on this adapter and on the existing one, with the real plugins.

A bot process of its own runs each plugin on each adapter; the sandbox tells what arrived. The table in
docs/*/bridges.md is made of the same cells: ``python -m tests.compat.bridges.table``.
"""

import pytest

from tests.compat.bridges import table
from tests.compat.bridges.play import OURS, THEIRS, Cell, need, outcome, stage

need(*(f"nonebot_plugin_{name}" for name in table.BRIDGES))
ROWS = [pytest.param(name, cell, id=f"{name}: {cell.en}") for name in table.BRIDGES for cell in table.cells(name)]


@pytest.fixture(scope="module")
async def stages(tmp_path_factory):
    """Bridge and adapter -> the sandbox of its bot process, started when it is first asked for."""
    running: dict[tuple[str, str], tuple] = {}

    async def get(bridge: str, adapter: str):
        if (bridge, adapter) not in running:
            context = stage(adapter, f"plugin_{bridge}", tmp_path_factory.mktemp(bridge))
            running[bridge, adapter] = (context, await context.__aenter__())
        return running[bridge, adapter][1]

    yield get
    for context, _ in running.values():
        await context.__aexit__(None, None, None)


@pytest.mark.parametrize(("bridge", "cell"), ROWS)
async def test_a_cell_of_ours(stages, bridge: str, cell: Cell):
    assert await outcome(cell, await stages(bridge, OURS), 20.0) is None


@pytest.mark.parametrize(("bridge", "cell"), ROWS)
async def test_the_same_cell_of_the_existing_adapter(stages, bridge: str, cell: Cell):
    """What the docs say about the existing adapter is what it does."""
    found = await outcome(cell, await stages(bridge, THEIRS), 20.0 if cell.existing is None else 1.0)
    assert (found is None) == (cell.existing is None), found


@pytest.mark.parametrize("language", table.HEADS)
def test_the_docs_have_these_tables(language: str):
    page = (table.DOCS / language / "bridges.md").read_text("utf-8")
    assert page == table.filled(page, language), "run python -m tests.compat.bridges.table"
