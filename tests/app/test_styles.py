"""The style sheets: colours in one place, and only classes and tokens that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fracture_widgets"
FRONT = PACKAGE / "app" / "front"
SHEETS = {path.stem: path.read_text("utf-8") for path in (FRONT / "styles").glob("*.css")}
COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch)a?\(|:[^;]*\b(?:white|black|red|gr[ae]y"
    r"|blue|green|orange|yellow)\b(?!-)",
    re.IGNORECASE,
)


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", sorted(SHEETS.keys() - {"tokens"}))
def test_no_colour_stands_outside_the_tokens(name) -> None:
    lines = without_comments(SHEETS[name]).splitlines()
    declared = [line for line in lines if re.search(r"[a-z-]+\s*:[^:{]*;", line)]
    assert declared
    assert [line for line in declared if COLOUR.search(line.replace("white-space", ""))] == []


@pytest.mark.parametrize(
    "line",
    [
        "color: #fff;",
        "background: rgb(0 0 0 / 50%);",
        "border: 1px solid white;",
        "fill: hsl(1,2%,3);",
    ],
)
def test_each_of_these_would_be_noticed(line) -> None:
    assert COLOUR.search(line)


def test_every_token_that_is_used_is_defined_and_every_defined_one_is_used() -> None:
    sheets = without_comments("".join(SHEETS.values()))
    scripts = "".join(path.read_text("utf-8") for path in (FRONT / "src").rglob("*.js"))
    defined = set(re.findall(r"(--fw-[\w-]+)\s*:", sheets + scripts))
    used = set(re.findall(r"var\((--fw-[\w-]+)", sheets))
    assert used - defined == set()
    assert defined - used == set()


def test_every_class_of_the_style_sheets_is_given_to_something() -> None:
    rules = without_comments("".join(SHEETS.values()))
    styled = set(re.findall(r"\.(fw-[\w-]+)", rules))
    sources = [*PACKAGE.rglob("*.py"), *(FRONT / "src").rglob("*.js")]
    text = "".join(path.read_text("utf-8") for path in sources)
    given = set(re.findall(r"fw-[\w-]+", text))
    # These are put together: `fw-${state}`, `fw-${set}-curve`, "fw-as-" with the key of a tab.
    states = (
        "fracture",
        "fractured",
        "doubt",
        "none-seen",
        "normal",
        "refused",
        "problem",
        "waiting",
    )
    given |= {f"fw-{state}" for state in states} | {f"fw-verdict-{state}" for state in states}
    given |= {"fw-training-curve", "fw-validation-curve", "fw-as-worklist"}
    stems = tuple(set(re.findall(r"(fw-[\w-]+-)\$?\{", text)))  # `fw-w-${column}`
    assert {name for name in styled - given if not name.startswith(stems)} == set()
