"""The catalogue of all words that people are shown, made from the sources.

    python tests/support/catalogue.py               says what is missing
    python tests/support/catalogue.py --write       brings the .po and .mo files up to date
    python tests/support/catalogue.py fr --write    begins a language

A message is what is given to ``gettext``, ``ngettext``, ``pgettext`` or ``marked``; in the rooms
that make sentences and show none, every sentence is.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "fracture_widgets"
LANGUAGES = PACKAGE / "resources" / "languages"
DOMAIN = "fracture_widgets"

MAKE_SENTENCES = ("imaging", "models", "records", "reading_room", "parts")
"""Rooms whose sentences are English, and told in a visitor's language where they are shown."""

_OF_DEVELOPERS = re.compile(
    r"/models/(networks/|onnx|openvino|engines?\.|explain|export|first_look|learned_from|"
    r"weight_files|answering|crops)|/imaging/(walk|worker)\.|class_table"
)
"""What no visitor of a page can meet."""

_CALLS = {"gettext": 1, "ngettext": 2, "pgettext": 2, "marked": 1}
_SENTENCE = re.compile(r"[A-Z{].*\s.*\s.*[.:]", re.DOTALL)
_QUOTED = r"\"((?:[^\"\\]|\\.)*)\""

_WORDS = re.compile(r"(?:^|\|)\s*[A-Z][a-z]{2,}(?![\w.(=-])|[A-Za-z]{3,},? [a-z]{2,}(?![\w.(=:-])")
"""What people read, and no name or class: a word that begins large, or several."""

Found = tuple[int, object, str | None]
"""The line of a message, the message or its two forms, and its context."""


def template() -> Catalog:
    """Return the catalogue of all messages, without translations."""
    catalogue = Catalog(project="Fracture Widgets", charset="utf-8", fuzzy=False)
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        for _, message, context in messages_of(path):
            catalogue.add(message, locations=[(name, None)], context=context)
    return catalogue


def messages_of(path: Path) -> Iterator[Found]:
    """Yield the messages of a file."""
    room = path.relative_to(PACKAGE).parts[0]
    if path.suffix == ".py":
        within = room in MAKE_SENTENCES and not _OF_DEVELOPERS.search(path.as_posix())
        yield from _of_python(path.read_text("utf-8"), sentences=within)
    elif path.suffix in {".html", ".j2"} or (path.suffix == ".js" and "src" in path.parts):
        yield from _of_text(path.read_text("utf-8"))


def as_template(node: ast.expr) -> str | None:
    """Return a text or an f-string as a message, its values by their names."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    said, names = "", set()
    for part in node.values:
        if isinstance(part, ast.Constant):
            said += str(part.value).replace("{", "{{").replace("}", "}}")
            continue
        assert isinstance(part, ast.FormattedValue)
        words = re.findall(r"[A-Za-z]\w*", ast.unparse(part.value)) or ["value"]
        name = next((word for word in reversed(words) if word.islower()), "value")
        while name in names:
            name += "_"
        names.add(name)
        said += f"{{{name}}}"
    return said


def _of_python(text: str, *, sentences: bool) -> Iterator[Found]:
    tree = ast.parse(text)
    skipped = {id(part) for part in documentation(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            forms = [as_template(each) for each in node.args[: _CALLS.get(node.func.id, 0)]]
            if forms and None not in forms:
                skipped.update(id(part) for each in node.args for part in ast.walk(each))
                name = node.func.id
                message = tuple(forms) if name == "ngettext" else forms[-1]
                yield node.lineno, message, forms[0] if name == "pgettext" else None
        elif sentences and isinstance(node, ast.Constant | ast.JoinedStr):
            if id(node) in skipped:
                continue
            skipped.update(id(part) for part in ast.walk(node))
            said = as_template(node)
            if said and _SENTENCE.fullmatch(said):
                yield node.lineno, said, None


def documentation(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the texts that stand for themselves: documentation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def unsaid(path: Path) -> Iterator[str]:
    """Yield the words of a module of the page that are shown and no messages."""
    text = path.read_text("utf-8")
    if path.suffix == ".js":
        said = re.sub(
            rf"\bn?gettext\((?:\s*{_QUOTED},?)+", "", re.sub(r"(?m)^\s*//.*$| // .*$", "", text)
        )
        for found in re.finditer(rf"{_QUOTED}(:)?|`([^`]*)`", said):
            if not found[2] and _WORDS.search(found[1] or found[3] or ""):
                yield found[1] or found[3]
        return
    tree = ast.parse(text)
    said = {id(part) for part in documentation(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _CALLS:
            said.update(id(part) for argument in node.args for part in ast.walk(argument))
    for node in ast.walk(tree):
        if id(node) in said or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        said.update(id(part) for part in ast.walk(node) if isinstance(part, ast.Constant))
        words = as_template(node) or ""
        shown = re.sub(r"\{[^}]*\}|<style>.*?</style>", "", words)
        shown = " ".join(
            [re.sub(r"<[^>]*>", "|", shown), *re.findall(r'aria-label="([^"]*)"', shown)]
        )
        if _WORDS.search(shown):
            yield words


def _of_text(text: str) -> Iterator[Found]:
    """Yield the messages of a module of the page, or of a template."""
    text = re.sub(r"\"\s*\+\s*\"", "", text)
    for found in re.finditer(rf"\bngettext\(\s*{_QUOTED},\s*{_QUOTED}", text):
        yield 0, (found[1], found[2]), None
    for found in re.finditer(rf"\bgettext\(\s*{_QUOTED}|{_QUOTED}\s*\|\s*gettext\b", text):
        yield 0, found[1] or found[2], None


def files() -> list[Path]:
    """Return the translations there are."""
    return sorted(LANGUAGES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def compiled(catalogue: Catalog) -> bytes:
    """Return the .mo file of a catalogue."""
    made = io.BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def written(path: Path) -> Catalog:
    """Return the translations of a .po file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], domain=DOMAIN)


def main() -> int:
    """Run the command."""
    begun = [
        LANGUAGES / code / "LC_MESSAGES" / f"{DOMAIN}.po"
        for code in sys.argv[1:]
        if code != "--write"
    ]
    for path in {*files(), *begun}:
        catalogue = written(path) if path.exists() else Catalog(path.parts[-3], domain=DOMAIN)
        catalogue.update(template(), no_fuzzy_matching=True)
        catalogue.creation_date = catalogue.revision_date  # the same words, the same file
        missing = [message.id for message in catalogue if message.id and not message.string]
        missing += [
            message.id
            for message in catalogue
            if isinstance(message.string, tuple) and not all(message.string)
        ]
        for message in missing:
            sys.stdout.write(f"{path.parts[-3]} lacks: {message!r}\n")
        if "--write" in sys.argv:
            catalogue.obsolete.clear()
            made = io.BytesIO()
            write_po(made, catalogue, width=100, sort_output=True, ignore_obsolete=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made.getvalue())
            path.with_suffix(".mo").write_bytes(compiled(catalogue))
    return 0


if __name__ == "__main__":
    sys.exit(main())
