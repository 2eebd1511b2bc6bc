"""The card's section on trust as a table to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fracture_widgets.evaluation.model_card import said

__all__ = ["trust_table"]


def trust_table(section: Mapping[str, Any]) -> str:
    """Return calibration, operating points, verdicts and conformal coverage, part by part."""
    return "\n\n".join("\n".join(_part(name, part)) for name, part in section["parts"].items())


def _part(name: str, part: Mapping[str, Any]) -> Iterator[str]:
    line, conformal = part["calibration"], part["conformal"]
    band, asked = part["band"], part["asked"]
    yield (
        f"{name}: n {part['n']} of {part['studies']} studies, {part['fractured']} fractured "
        f"(always normal is right in {1 - part['prevalence']:.3f})"
    )
    yield (
        f"  calibration    {line['method']}: slope {line['slope']:.3f}, "
        f"intercept {line['intercept']:+.3f}"
    )
    for method, error in part["calibration_error"].items():
        yield f"    {method:12} ECE {said(error)}, log loss {said(part['log_loss'][method])}"
    yield f"  AUROC          {said(part['auroc'])}"
    yield f"  doubt band     none seen below {band['low']:.3f}, fracture from {band['high']:.3f}"
    yield (
        f"    asked for       sensitivity {asked['sensitivity']:g}, "
        f"specificity {asked['specificity']:g}"
    )
    yield f"    sensitivity of 'not none seen'  {said(part['sensitivity'])}"
    yield f"    specificity of 'fracture'       {said(part['specificity'])}"
    yield f"    doubt                           {said(part['doubt'])}"
    for verdict, row in part["verdicts"].items():
        yield (
            f"    {verdict:10} n {row['n']:4}, {row['fractured']:3} fractured: "
            f"{said(row['share_fractured'])}"
        )
    for sets in conformal:
        coverage, sizes = sets["coverage"], sets["sizes"]
        yield (
            f"  conformal, at most {sets['miss']:.0%} missed: covers fractured "
            f"{said(coverage['fractured'])}, normal {said(coverage['normal'])}; "
            f"both possible {said(sizes['both'])}, neither {said(sizes['neither'])}"
        )
