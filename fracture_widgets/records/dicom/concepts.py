"""The coded concepts of the structured report.

What the standard has no code for, our verdicts first, is coded in a scheme of our own, whose name
every report carries: "none seen" is not the "absent" of a clinician, and must not be taken for it.
"""

from __future__ import annotations

from pydicom.sr.coding import Code

from fracture_widgets.parts import Verdict, all_parts

__all__ = [
    "BODY_PART_PROBABILITY",
    "DOUBT_FROM",
    "FINDING",
    "FRACTURE_FROM",
    "GATE",
    "OVERRIDDEN",
    "PERCENT",
    "PROBABILITY",
    "PROCEDURE",
    "REASON",
    "SCHEME",
    "VERDICT",
    "VERDICTS",
    "site",
]

SCHEME = "99FRACWIDGETS"
"""Designator of our own coding scheme; those that start with 99 are private."""

FINDING = Code("125605004", "SCT", "Fracture of bone")
PROCEDURE = Code("363679005", "SCT", "Imaging procedure")  # CID 100 has it in every edition
PROBABILITY = Code("122157", "DCM", "Probability")
PERCENT = Code("%", "UCUM", "Percent")
VERDICT = Code("verdict", SCHEME, "Verdict of the software")
VERDICTS = {verdict: Code(verdict.name.lower(), SCHEME, str(verdict)) for verdict in Verdict}
"""The verdicts, in the words of every other report."""

GATE = Code("gate", SCHEME, "Check of the input")
OVERRIDDEN = Code("overridden", SCHEME, "Refused, answered on request")
REASON = Code("reason", SCHEME, "Reason for the refusal")
DOUBT_FROM = Code("doubt_from", SCHEME, "Operating point: none seen below")
FRACTURE_FROM = Code("fracture_from", SCHEME, "Operating point: fracture from")
BODY_PART_PROBABILITY = Code("part_probability", SCHEME, "Probability of the body part")


def site(body_part: str) -> Code | None:
    """Return where a finding of a body part is, or None for one that is not installed."""
    return next((Code(*part.site) for part in all_parts() if part.name == body_part), None)
