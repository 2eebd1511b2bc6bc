"""A session as JSON, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.parts import Verdict
from fracture_widgets.reading_room.marks import Mark
from fracture_widgets.reading_room.session import NetworkAnswer, Plan, Reading, ReadingSession

__all__ = ["FORMAT", "session_from_json", "session_to_json"]

FORMAT = 1


def session_to_json(session: ReadingSession) -> str:
    """Return everything of a session as JSON text; no pixels and no patient's tags are in it."""
    return json.dumps(
        {
            "format": FORMAT,
            "id": session.id,
            "revision": session.revision,
            "reader": session.reader,
            "started_at": session.started_at,
            "plan": asdict(session.plan),
            "position": session.position,
            "keys": list(session.keys),
            "readings": [_plain(one) for one in session.readings],
        },
        indent=1,
    )


def session_from_json(text: str) -> ReadingSession:
    """Return the session that was written."""
    try:
        content = json.loads(text)
        if content["format"] > FORMAT:
            raise ValueError("It was written by a newer version.")
        return ReadingSession(
            plan=Plan(**content["plan"]),
            keys=tuple(map(str, content["keys"])),
            reader=str(content["reader"]),
            id=str(content["id"]),
            started_at=str(content["started_at"]),
            readings=[_reading(one) for one in content["readings"]],
            position=int(content["position"]),
            revision=int(content["revision"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"It lacks {error}.") from error


def _plain(reading: Reading) -> dict[str, Any]:
    boxes, network = reading.boxes, reading.network
    return {
        "verdict": reading.verdict,
        "mark": None if reading.mark is None else reading.mark.corners,
        "seconds": round(reading.seconds, 2),
        "revealed_at": reading.revealed_at,
        "truth": reading.truth,
        "boxes": None if boxes is None else [[b.x0, b.y0, b.x1, b.y1] for b in boxes],
        "group": reading.group,
        "network": None if network is None else asdict(network),
        "problem": reading.problem,
    }


def _reading(plain: dict[str, Any]) -> Reading:
    verdict, boxes, network = plain["verdict"], plain["boxes"], plain["network"]
    return Reading(
        verdict=None if verdict is None else Verdict(verdict),
        mark=Mark.of_page(plain["mark"]),
        seconds=float(plain["seconds"]),
        revealed_at=str(plain["revealed_at"]),
        truth=str(plain["truth"]),
        boxes=None if boxes is None else tuple(Box(*map(float, one)) for one in boxes),
        group=str(plain["group"]),
        network=None
        if network is None
        else NetworkAnswer(Verdict(network["verdict"]), network["probability"], network["model"]),
        problem=str(plain["problem"]),
    )
