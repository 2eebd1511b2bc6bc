"""The site of documentation is built without a warning, and needs nothing from elsewhere."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("docs", "notebooks", "models", "results", "README.md", "SECURITY.md", "CHANGELOG.md",
          "CONTRIBUTING.md")  # fmt: skip


@pytest.mark.slow
def test_the_site_is_built_and_shows_every_public_name_lesson_and_command(tmp_path: Path) -> None:
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            kept = shutil.ignore_patterns("_build", "generated", "course", "*.npz")
            shutil.copytree(source, tmp_path / name, ignore=kept)
        else:
            shutil.copyfile(source, tmp_path / name)
    site = tmp_path / "site"
    words = ["-m", "sphinx", "--fail-on-warning", "--quiet", "-b", "html"]
    built = subprocess.run(
        [sys.executable, *words, str(tmp_path / "docs"), str(site)],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert (site / "reference/generated/fracture_widgets.Cascade.html").is_file()
    assert len(list((site / "course").glob("[0-9]*.html"))) == 10
    assert "fracture-widgets predict" in (site / "reference/commands.html").read_text("utf-8")
    fetched = re.compile(r"""<(?:script|link|img)[^>]+(?:src|href)="https?://""")
    assert [
        page.name for page in site.rglob("*.html") if fetched.search(page.read_text("utf-8"))
    ] == []


def test_the_commands_and_options_that_pages_name_are_there() -> None:
    from fracture_widgets.cli import main

    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("*/*.md")]
    text = "\n".join(page.read_text("utf-8") for page in pages if page.name != "commands.md")
    lines = re.findall(r"fracture-widgets ([a-z]+)((?: [^`#\n]*)?)", text)
    assert len(lines) > 30
    helps: dict[str, str] = {}
    for command, rest in lines:
        groups = ("train", "data", "compare")
        words = [command, *(rest.split()[:1] if command in groups else [])]
        if words[-1] not in helps:
            told = io.StringIO()
            with redirect_stdout(told), suppress(SystemExit):
                main([*words, "--help"])
            helps[words[-1]] = told.getvalue()
        assert "Usage: fracture-widgets" in helps[words[-1]], words
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in helps[words[-1]], (words, option)
