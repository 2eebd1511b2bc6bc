"""All words in one catalogue: complete in every language, and in it whatever the page shows."""

from __future__ import annotations

from pathlib import Path
from string import Formatter

import pytest
from catalogue import PACKAGE, compiled, files, messages_of, template, unsaid, written

from fracture_widgets.base.language import (
    LANGUAGE_VARIABLE,
    best_of,
    gettext,
    language,
    languages,
    ngettext,
    number,
    percent,
    speaking,
    told,
    words_in,
)
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.gate import NOT_A_RADIOGRAPH, OTHER_BODY_PART, sentence
from fracture_widgets.models.record import Finding
from fracture_widgets.models.verdict_words import Annotation, verdict_words
from fracture_widgets.parts import Verdict

NO_WORDS = {
    *("Arrows", "Backspace", "Delete", "Enter", "Enter and Esc", "Escape"),  # keys
    *("Inferno", "none seen"),  # a palette, and a verdict as it is stored
    *("Fracture Widgets", "Choice", "Made", "Source"),  # names
    " and no column ",
    "ErrorBrowser({wrong} mistakes in {sum})",
    "Goes up whenever the views have to look again.",
    "Of the training at work or paused.",
    "export default { render() {} }",
}
"""What a module of the page says to nobody: names, keys, and what developers read."""

SELECTORS = ("input:not(", "button, a,", "rgb(")


@pytest.mark.parametrize("path", files(), ids=lambda path: path.parts[-3])
def test_every_message_is_translated_with_the_same_values(path):
    known, wanted = written(path), template()
    asked = {(message.context, message.id) for message in wanted if message.id}
    there = {(message.context, message.id) for message in known if message.id}
    assert (asked - there, there - asked) == (set(), set()), "python tests/support/catalogue.py"
    for message in known:
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        assert all(forms), message.id
        asked_for = set().union(*map(values, ids)) if message.id else set()
        given = [values(form) for form in forms if message.id]
        assert set().union(*given) == asked_for, message.id
        if any("\N{NO-BREAK SPACE}" in each for each in ids):
            assert all("\N{NO-BREAK SPACE}" in form for form in forms), message.id


@pytest.mark.parametrize("path", files(), ids=lambda path: path.parts[-3])
def test_what_is_shipped_is_compiled_from_the_translations(path):
    assert path.with_suffix(".mo").read_bytes() == compiled(written(path))


def page_modules() -> list[Path]:
    found = [*(PACKAGE / "app").rglob("*.py"), *(PACKAGE / "app/front/src").rglob("*.js")]
    return sorted(found)


def test_the_page_shows_no_words_that_are_not_in_the_catalogue():
    shown = {
        f"{path.name}: {words}"
        for path in page_modules()
        for words in unsaid(path)
        if words not in NO_WORDS and not words.startswith(SELECTORS)
    }
    assert shown == set(), "give them to gettext, or name them in NO_WORDS"


def test_words_that_are_shown_unsaid_are_found(tmp_path):
    (tmp_path / "a.py").write_text(
        'def f(n): return h(f"<p aria-label=\'Notes\'>{n} files are there</p>", gettext("Ready."))'
    )
    (tmp_path / "b.js").write_text('h("p", { "aria-label": "Picture" }, gettext("Ready."), "fw-a")')
    assert len(list(unsaid(tmp_path / "a.py"))) == 1
    assert list(unsaid(tmp_path / "b.js")) == ["Picture"]


def test_messages_are_found_in_calls_and_in_the_sentences_of_errors():
    found = {message for _, message, _ in messages_of(PACKAGE / "models/gate.py")}
    assert any(str(message).startswith("This looks like another body part") for message in found)
    assert ("{n} file", "{n} files") in {
        message for _, message, _ in messages_of(PACKAGE / "app/front/src/upload/progress.js")
    }


@pytest.mark.parametrize(
    ("wishes", "best"),
    [
        ("", ""), ("de", "de"), ("de-CH", "de"), ("de_AT.UTF-8", "de"), ("fr,tlh", ""),
        ("en-US,en;q=0.9,de;q=0.8", "en"), ("fr, de;q=0.8, en;q=0.9", "en"),
        ("de;q=x", ""), (";q=1,,;", ""), ("q=9;de", ""), ("de;" * 100_000, ""),
    ],
)  # fmt: skip
def test_a_browser_s_wishes_are_weighed(wishes, best):
    assert best_of(wishes) == best


def test_the_language_is_the_environment_s_unless_another_is_spoken(monkeypatch):
    monkeypatch.delenv(LANGUAGE_VARIABLE, raising=False)
    assert language() == "en"
    monkeypatch.setenv(LANGUAGE_VARIABLE, "de")
    assert (language(), gettext("Fracture"), verdict_words("doubt", 0.3)) == (
        "de", "Fraktur", "Zweifel, eher keine",
    )  # fmt: skip
    with speaking("en"):
        assert verdict_words("doubt", 0.3) == "doubt, more likely none"
    monkeypatch.setenv(LANGUAGE_VARIABLE, "tlh")
    assert language() == "en"


def test_languages_are_called_as_they_call_themselves():
    assert dict(languages()) == {"en": "English", "de": "Deutsch"}


def test_numbers_and_plurals_are_those_of_the_language():
    with speaking("de"):
        assert (percent(0.806), percent(1.0)) == ("80,6 %", "> 99,9 %")
        assert [ngettext("{n} file", "{n} files", n) for n in (1, 2)] == ["1 Datei", "2 Dateien"]
    assert percent(0.806) == "80.6 %"


def test_a_sentence_that_a_room_made_is_told_with_its_values(tmp_path):
    empty = tmp_path / "Ärger {name}.png"
    empty.touch()
    with pytest.raises(UnreadableRadiograph) as error:
        read_radiograph(empty)
    with speaking("de"):
        assert (
            told(str(error.value))
            == "Ärger {name}.png ist leer: Kopieren oder exportieren Sie es noch einmal."
        )
        said = told(sentence(NOT_A_RADIOGRAPH, ["elbow", "hand", "shoulder"]))
        assert "(gesucht: Ellenbogen, Hand oder Schulter)" in said
        assert "einem der drei" in told(sentence(OTHER_BODY_PART, ["elbow", "hand", "shoulder"]))
        assert told("Somebody's own words.") == "Somebody's own words."
        assert told("x" * 100_000) == "x" * 100_000
    assert told(str(error.value)) == str(error.value)


def test_a_bundle_gets_the_words_that_stand_in_it():
    with speaking("de"):
        assert words_in('gettext("Remark")') == {"Remark": ["Bemerkung"]}
    with speaking("en"):
        assert words_in('gettext("Remark")') == {}


def values(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def test_the_side_of_a_finding_is_said_in_the_language():
    finding = Finding("fracture", "hand", 0.169, "fracture boxes", Box(0.1, 0.1, 0.2, 0.2))
    annotation = Annotation("5", finding, Verdict.DOUBT)
    assert annotation.label == "5 Fracture 16.9 % (doubt)"
    with speaking("de"):
        assert (annotation.label, annotation.short_label) == (
            "5 Fraktur 16,9 % (Zweifel)",
            "5 Fraktur 16,9 %",
        )


def test_numbers_have_the_marks_of_the_language_wherever_they_are_shown():
    assert (number(12345), number(0.25, 2), number(1.5, 1)) == ("12,345", "0.25", "1.5")
    missing = "The file is cut short: its last 1,234 of 5,678 rows are missing, at least in part"
    missing += ", and shown black."
    with speaking("de"):
        assert (number(1234567.5, 1), number(-0.25, 2)) == ("1.234.567,5", "-0,25")
        assert percent(0.87) == "87,0 %"
        assert gettext("{n:,} results", n=1234) == "1.234 Ergebnisse"
        assert ngettext("{n:,} saved result", "{n:,} saved results", 4321).startswith("4.321 ")
        assert "letzten 1.234 von 5.678 Zeilen" in told(missing)
        # What is no number of ours stays: versions, names, whole numbers without a mark.
        assert (told("1.2.3"), told("a, b.c"), told("4711")) == ("1.2.3", "a, b.c", "4711")


def test_a_window_s_title_has_its_numbers_in_the_language():
    with speaking("de"):
        said = told("Window 2 (centre -1500.25, width 2400.75)")
    assert said == "Fenster 2 (Mitte -1500,25, Breite 2400,75)"


@pytest.mark.parametrize(
    ("sentence", "german"),
    [
        (
            (
                "The file's display window shows nothing; the file's next display window is shown "
                "instead."
            ),
            (
                "Das Anzeigefenster der Datei zeigt nichts; stattdessen gezeigt: das nächste "
                "Anzeigefenster der Datei."
            ),
        ),
        (
            "The file's rescaling makes all greys one; it is left out.",
            "Die Umrechnung der Datei macht alle Grauwerte gleich und wird ausgelassen.",
        ),
        (
            (
                "The file says that it holds JPEG Lossless and holds uncompressed pixels: it is "
                "read as such."
            ),
            (
                "Die Datei sagt, dass sie JPEG Lossless enthält, und enthält unkomprimierte Pixel: "
                "So wird sie gelesen."
            ),
        ),
        (
            (
                "a.dcm is in a form that cannot be decoded here: transfer syntax 1.2.3.4. Export "
                "it uncompressed or as JPEG 2000."
            ),
            (
                "a.dcm hat eine Form, die hier nicht entschlüsselt werden kann: Transfersyntax "
                "1.2.3.4. Exportieren Sie es unkomprimiert oder als JPEG 2000."
            ),
        ),
    ],
)
def test_what_a_note_names_is_told_in_the_language_too(sentence, german):
    with speaking("de"):
        assert told(sentence) == german


@pytest.mark.parametrize(
    ("first", "german"),
    [(b"%PDF-1.7", "ein PDF-Dokument"), (b"\0\0\0\x18ftypheic", "ein HEIC-Bild oder ein Film")],
)
def test_a_file_of_another_kind_is_refused_in_the_language(first, german):
    with pytest.raises(UnreadableRadiograph) as error:
        read_radiograph(first + bytes(400), name="arm.jpg")
    with speaking("de"):
        assert told(str(error.value)) == (
            f"arm.jpg ist {german}: Wählen Sie eine PNG-, JPEG-, TIFF-, BMP-, WebP- oder "
            "DICOM-Datei."
        )
