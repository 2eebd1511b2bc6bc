"""The language in which people are spoken to: words are looked up when they are shown.

Numbers are written as people read them, and text as consoles may show it.

What is stored (records, tables, histories, the sentence of an error) is English. A sentence that
was made elsewhere, or is kept since long, is put into the language by :func:`told`.
"""

from __future__ import annotations

import gettext as catalogues
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

LANGUAGE_VARIABLE = "FRACTURE_WIDGETS_LANGUAGE"
"""Environment variable with the language of scripts, of commands and of a page's kernel."""

ENGLISH = "en"
_DOMAIN = "fracture_widgets"
_FOLDER = Path(__file__).parents[1] / "resources" / "languages"
_SPOKEN: ContextVar[str | None] = ContextVar("language", default=None)
_LONGEST = 2000  # characters of a sentence that is looked for
_NAMES = {"file", "name", "names", "title"}
"""Values of these names are somebody's own words, whatever they are."""

_NUMBER = re.compile(r"[<>−-]? ?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?( ?%)?")


def marked(message: str) -> str:
    """Return a message as it is: one of the catalogue, to be looked up where it is shown."""
    return message


_OWN_NAME = marked("English")
"""What a language translates by its own name for itself."""

_JOINING = (marked("or"), marked("and"))

NOTICE = marked("For teaching and research. Not a medical device.")
"""What stands on every report, of whatever format."""


@cache
def languages() -> Mapping[str, str]:
    """Return the languages that there are, each by its code with its own name for itself."""
    codes = sorted(path.parents[1].name for path in _FOLDER.glob(f"*/*/{_DOMAIN}.mo"))
    return {code: _catalogue(code).gettext(_OWN_NAME) for code in (ENGLISH, *codes)}


def language() -> str:
    """Return the code of the language spoken: ``"en"``, ``"de"``."""
    spoken = _SPOKEN.get()
    return (best_of(os.environ.get(LANGUAGE_VARIABLE, "")) or ENGLISH) if spoken is None else spoken


@lru_cache(maxsize=64)
def best_of(wishes: str) -> str:
    """Return the best of the languages wished for, as browsers write them; empty for none of ours.

    Examples
    --------
    >>> best_of("fr, de-AT;q=0.8, en;q=0.5"), best_of("tlh")
    ('de', '')
    """
    weighed = []
    for wish in wishes[:_LONGEST].split(","):
        name, _, weight = wish.partition(";")
        code = re.split("[-_.]", name.strip().lower())[0]
        share = re.fullmatch(r"\s*q=([01](?:\.\d*)?)\s*", weight)
        if code in languages() and not (weight and share is None):
            weighed.append((float(share[1]) if share else 1.0, code))
    return max(weighed, key=lambda one: one[0], default=(0.0, ""))[1]


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language for a while, whatever the environment says."""
    before = _SPOKEN.set(code)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def gettext(message: str, /, **values: object) -> str:
    """Say a message in the language spoken, with its ``{names}`` filled in."""
    said = _catalogue(language()).gettext(message) if message else ""
    return _WRITER.format(said, **values) if values else said


def pgettext(context: str, message: str, /) -> str:
    """Say a message that means several things, of which the context tells one."""
    return _catalogue(language()).pgettext(context, message)


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """Say a message of a number of things, which is ``{n}`` in it."""
    said = _catalogue(language()).ngettext(one, many, n)
    return _WRITER.format(said, **{"n": n} | values)


def number(value: float, places: int = 0) -> str:
    """Say a number with the language's marks of thousands and of decimals.

    Numbers of a message are said so where the message says how: ``{n:,}``, ``{loss:.3f}``.

    Examples
    --------
    >>> with speaking("de"):
    ...     number(12345), number(0.25, 2), gettext("{n:,} results", n=1200)
    ('12.345', '0,25', '1.200 Ergebnisse')
    """
    return with_marks(f"{value:,.{places}f}")


def with_marks(written: str) -> str:
    """Put the marks of the language into a number that is written in English."""
    marks = {",": pgettext("thousands mark", ","), ".": pgettext("decimal mark", ".")}
    return "".join(marks.get(letter, letter) for letter in written)


class _Writer(Formatter):
    """Fills in what a message has in braces, and its numbers in the language spoken."""

    def format_field(self, value: Any, spec: str) -> str:
        written = format(value, spec)
        return with_marks(written) if spec and hasattr(value, "__float__") else written


_WRITER = _Writer()


def percent(probability: float) -> str:
    """Say a probability in percent with one decimal; never 0.0 % or 100.0 %, which nobody knows."""
    value = 100.0 * probability
    if value < 0.1:
        return f"< {number(0.1, 1)} %"
    return f"> {number(99.9, 1)} %" if value > 99.9 else f"{number(value, 1)} %"


def whole_percent(share: float) -> str:
    """Say a share in percent without decimals, as ``"44 %"``."""
    return f"{number(100.0 * share)} %"


def begun(text: str) -> str:
    """Return a text that begins with a capital letter, and is as it was after that."""
    return text[:1].upper() + text[1:]


def plain(text: object) -> str:
    """Return text that moves no cursor and colours nothing: what is no letter is written out."""
    return "".join(
        letter
        if letter.isprintable() or letter == "\n"
        else letter.encode("unicode_escape").decode("ascii")
        for letter in str(text)
    )


def local(moment: datetime) -> str:
    """Return a moment to the minute, in the time of this computer and naming how far it is off."""
    there = moment.astimezone()
    off = f"{there:%z}"
    ahead = "" if off.strip("+-0") == "" else f"{off[:3]}:{off[3:5]}"
    return f"{there:%Y-%m-%d %H:%M} UTC{ahead}"


def told(sentence: str) -> str:
    """Say in the language spoken an English sentence that any room has made, or a file kept.

    It is found by its words; the values in it stay, but for those that are words of the catalogue.
    What is not found stays English.
    """
    code = language()
    if code == ENGLISH or not 0 < len(sentence) <= _LONGEST:
        return sentence
    said = _told(sentence, code)
    if said is not None:
        return said
    parts = re.split(r"(?<=[.!?:;]) (?=[A-Z0-9])", sentence)
    return " ".join(_told(part, code) or part for part in parts)


def words_in(text: str) -> dict[str, list[str]]:
    """Return the messages that stand in a program's text, each with its forms in the language."""
    return {message: forms for message, forms in _messages(language()).items() if message in text}


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    return catalogues.translation(_DOMAIN, _FOLDER, [code], fallback=True)


@cache
def _messages(code: str) -> dict[str, list[str]]:
    """Return every message without a context, and its forms."""
    known: dict[str, list[str]] = {}
    for key, said in getattr(_catalogue(code), "_catalog", {}).items():
        message = key[0] if isinstance(key, tuple) else key
        if message and "\x04" not in message:
            known.setdefault(message, []).append(said)
    return known


@cache
def _patterns(code: str) -> list[tuple[list[str], re.Pattern[str], str]]:
    """Return the messages with values in them, those of the most words first."""
    made = []
    for message, forms in _messages(code).items():
        parts = list(Formatter().parse(message))
        words = [literal for literal, *_ in parts]
        names = [name for _, name, *_ in parts if name]
        if not names or not re.search("[A-Za-z]{3}", "".join(words)):
            continue
        written: set[str] = set()
        pattern = ""
        for literal, name, *_ in parts:
            pattern += re.escape(literal)
            if name:
                pattern += f"(?P={name})" if name in written else f"(?P<{name}>.+?)"
                written.add(name)
        bare = re.sub(r"\{(\w+)[^{}]*\}", r"{\1}", forms[-1])
        made.append((words, re.compile(pattern, re.DOTALL), bare))
    return sorted(made, key=lambda one: -sum(map(len, one[0])))


@lru_cache(maxsize=1024)
def _told(sentence: str, code: str) -> str | None:
    known = _messages(code).get(sentence)
    if known is not None:
        return known[0]
    for words, pattern, said in _patterns(code):
        found = pattern.fullmatch(sentence) if _holds(sentence, words) else None
        if found is not None:
            values = found.groupdict().items()
            return said.format(
                **{k: v if k in _NAMES else (_told(v, code) or v) for k, v in values}
            )
    if _NUMBER.fullmatch(sentence):
        return with_marks(sentence)
    return _listed(sentence, code)


def _holds(sentence: str, words: list[str]) -> bool:
    """Tell whether a sentence has these words in their order: most do not, and that is quick."""
    at = 0
    for word in words:
        at = sentence.find(word, at)
        if at < 0:
            return False
        at += len(word)
    return True


def _listed(text: str, code: str) -> str | None:
    """Say a list of words, such as ``"an elbow, hand or shoulder"``, if all of them are known."""
    pieces = re.split(r"(, | or | and )", re.sub(r"^an? ", "", text))
    if pieces == [text]:
        return None
    words = _messages(code)
    said = [re.sub(r"\w(?:.*\w)?", lambda one: words.get(one[0], [""])[0], part) for part in pieces]
    return "".join(said) if all(said) else None
