"""What an automated checker, axe-core, finds wrong with a page for who cannot see or point."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from pages import LAPTOP, PHONE
from playwright.sync_api import Page

STANDARD = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"size": LAPTOP, "color_scheme": "light"},
    "dark": {"size": LAPTOP, "color_scheme": "dark"},
    "phone": {"size": PHONE, "color_scheme": "light"},
}
_AXE = Axe()


def violations(page: Page) -> list[str]:
    """What is wrong with a page as it is: each time the rule, where, and what axe says of it."""
    options = {"runOnly": {"type": "tag", "values": STANDARD}, "resultTypes": ["violations"]}
    found = _AXE.run(page, options=options).response
    assert found["passes"], "axe has looked at nothing"
    return [
        f"{rule['id']}: {node['html'][:200]} ({_reasons(node)})"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def expect_accessible(page: Page, state: str) -> None:
    """Look at a page in each look, and leave it in the first."""
    found = []
    for look, how in reversed(LOOKS.items()):
        page.set_viewport_size(how["size"])
        page.emulate_media(color_scheme=how["color_scheme"])
        page.wait_for_timeout(200)  # a page that was made narrower is laid out a moment later
        found += [f"{state}, {look}: {words}" for words in violations(page)]
    assert found == [], "\n".join(found)


def _reasons(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(check["message"] for check in checks)
