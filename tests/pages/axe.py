"""axe-core on a page: what is seriously wrong for people who see, hear or type otherwise."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_SERIOUS = ("serious", "critical")


def violations(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical: the rule, and where."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for one in found
        if one["impact"] in _SERIOUS
        for node in one["nodes"][:3]
    ]
