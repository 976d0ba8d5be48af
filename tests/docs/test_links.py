"""Links between the documents lead to a page, and to a heading of it."""

from __future__ import annotations

import pytest

from tests.docs.pages import ALL, Page


class TestLinks:
    @pytest.mark.parametrize("shown", ALL, ids=lambda shown: shown.name)
    def test_each_leads_somewhere(self, shown: Page) -> None:
        for link in shown.links:
            if link.startswith(("https://", "mailto:")):
                continue
            path, _, anchor = link.partition("#")
            target = Page((shown.path.parent / path).resolve()) if path else shown
            assert target.path.exists(), link
            if anchor:
                assert anchor in target.anchors, link

    @pytest.mark.parametrize("shown", ALL, ids=lambda shown: shown.name)
    def test_fences_are_closed(self, shown: Page) -> None:
        assert shown.text.count("\n```") % 2 == 0
