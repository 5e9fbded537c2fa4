"""Feishu's documents as the contract: their own examples are accepted and answered with the documented fields."""

from scripts import conformance


async def test_the_documents_examples_work_and_the_pages_say_so(capsys):
    """If the pages differ: ``python scripts/conformance.py --write``, then look at the difference."""
    rows, codes = await conformance.run()
    pages = conformance.pages(rows, codes)
    with capsys.disabled():
        print("\n" + next(iter(pages.values())).splitlines()[2])
    assert [row.name for row in rows if row.code not in (0, 404) and row.name not in conformance.ELSEWHERE] == []
    assert [(row.name, gap) for row in rows for gap, why in conformance.gaps(row).items() if not why] == []
    for path, text in pages.items():
        assert path.read_text("utf-8") == text
