"""Who the patient is can be found in nothing that is written, logged, shown or printed."""

from __future__ import annotations

import base64
import json
import logging
import os
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from picture_files import dicom_dataset, limb, look_up_table, saved
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from fracture_widgets import History
from fracture_widgets.cli import main
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.imaging.studies import find_radiographs, group_by_study
from fracture_widgets.models.cascade import shipped_cascade
from fracture_widgets.models.study import examine_study
from fracture_widgets.records.formats import ReportFormat, report_file
from fracture_widgets.records.visit import Answered, VisitStore

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("answered_once")]

UIDS = ("1.2.826.0.1.111222333", "1.2.826.0.1.444555666", "1.2.826.0.1.777888999")
NAMES = {
    "PatientName": "Plantedname^Jane",
    "PatientID": "PlantedID4711",
    "PatientBirthDate": "19310203",
    "PatientAddress": "Plantedstreet 5",
    "OtherPatientNames": "Plantedother^Jane",
    "PatientComments": "Plantedcomment",
    "InstitutionName": "Plantedhospital",
    "InstitutionAddress": "Plantedtown",
    "ReferringPhysicianName": "Plantedphysician^Joe",
    "OperatorsName": "Plantedoperator^Joe",
    "StationName": "Plantedstation",
    "AccessionNumber": "Plantedaccess",
    "StudyID": "Plantedstudyid",
    "StudyDescription": "Planteddescription",
    "SeriesDescription": "Plantedseries",
    "ProtocolName": "Plantedprotocol",
    "RequestedProcedureDescription": "Plantedrequest",
    "ImageComments": "Plantedimage",
    "DeviceSerialNumber": "Plantedserial",
    "StudyInstanceUID": UIDS[0],
    "SeriesInstanceUID": UIDS[1],
    "FrameOfReferenceUID": UIDS[2],
}
ELSEWHERE = tuple(
    f"Planted{where}"
    for where in (
        *("window", "table", "private", "overlay", "nested"),
        *("frame", "preamble", "source", "folder", "end"),
    )
)
NEAR = re.compile(r"('|\")?(127\.0\.0\.1|::1|localhost|/)")
"""Addresses of this computer."""

PLANTED = sorted({*NAMES.values(), *ELSEWHERE, "Plantedname", "Plantedphysician"})


def planted_dicom(seed: int) -> bytes:
    """A radiograph of two frames, two windows and a table, with names wherever one can stand."""
    table = look_up_table(list(range(256)))
    table.LUTExplanation = "Plantedtable"
    nested, content, frame = Dataset(), Dataset(), Dataset()
    nested.CodeMeaning = "Plantednested"
    content.FrameComments = "Plantedframe"
    frame.FrameContentSequence = Sequence([content])
    dataset = dicom_dataset(
        np.stack([limb(seed=seed), limb(seed=seed + 1)]),
        **NAMES,
        WindowCenter=[90, 128],
        WindowWidth=[100, 256],
        WindowCenterWidthExplanation=["Plantedwindow", "NORMAL"],
        VOILUTSequence=[table],
        ProcedureCodeSequence=Sequence([nested]),
        PerFrameFunctionalGroupsSequence=Sequence([frame, frame]),
    )
    dataset.private_block(0x0019, "Plantedprivate", create=True).add_new(1, "LO", "Plantedprivate")
    for element, representation, value in (
        (0x0010, "US", 20), (0x0011, "US", 20), (0x0022, "LO", "Plantedoverlay"),
        (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]), (0x0100, "US", 1), (0x0102, "US", 0),
        (0x1500, "LO", "Plantedoverlay"), (0x3000, "OW", b"Plantedoverlay" + bytes(36)),
    ):  # fmt: skip
        dataset.add_new(0x60000000 | element, representation, value)
    dataset.file_meta.SourceApplicationEntityTitle = "Plantedsource"
    dataset.preamble = b"Plantedpreamble".ljust(128, b"\0")
    return saved(dataset) + b"\xfc\xff\xfc\xffOB\0\0\x0a\0\0\0Plantedend"


@dataclass
class Traces:
    """Everything that a visit leaves behind, by what it is."""

    left: dict[str, bytes]

    def add(self, what: str, *objects: object) -> None:
        for number, one in enumerate(objects):
            content = one if isinstance(one, bytes) else str(one).encode()
            self.left[f"{what} {number}"] = content

    def add_files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            self.add(f"name of {path.name}", path.relative_to(folder))
            if path.is_file():
                self.add(f"file {path.name}", path.read_bytes())


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("given") / "study.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("Plantedfolder/IM1", planted_dicom(1))
        packed.writestr("Plantedfolder/IM2", planted_dicom(3))
        packed.writestr("Plantedfolder/cut.dcm", planted_dicom(5)[:2600])
    return path


@pytest.fixture
def traces(archive, tmp_path, caplog, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    traces = Traces({})
    found = list(find_radiographs(archive))
    (study,) = group_by_study(found)
    cascade = shipped_cascade()
    views = [*study.views, study.views[0].shown_as(frame=1, window=2)]
    whole = examine_study(cascade, views)
    history = History(tmp_path / "history.sqlite3")
    visit = VisitStore(tmp_path / "visit", 1 << 30)
    for number, report in enumerate(whole.views):
        history.save(report)
        visit.add(report.radiograph, number)
        visit.answer(report.radiograph.sha256, Answered(report))
        (tmp_path / f"report{number}.png").write_bytes(
            report_file(report, ReportFormat.PNG).content
        )
        (tmp_path / f"view{number}.png").write_bytes(report.radiograph.to_png())
    (tmp_path / "history.csv").write_text(history.export_csv(), "utf-8")
    for options in ([], ["--json"], ["--heatmap", "maps"]):
        main(["predict", str(archive), *options])
    traces.add("said", *(one.problem for one in found), *(one.place for one in found))
    traces.add("repr", found, study, whole, *whole.views, *views, history.rows())
    traces.add("dictionary", json.dumps(whole.to_dict()))
    traces.add("titles", *(view.windows for view in views), *(view.warnings for view in views))
    traces.add("kept in memory", *(pickle.dumps(view) for view in views))
    traces.add("printed", *capsys.readouterr())
    traces.add("logged", caplog.text)
    traces.add_files(tmp_path)
    return traces


def test_the_names_are_where_they_were_planted(archive):
    with zipfile.ZipFile(archive) as packed:
        given = packed.read("Plantedfolder/IM1") + "".join(packed.namelist()).encode()
    assert [name for name in PLANTED if name.encode() not in given] == []


def test_no_planted_name_is_found_in_anything_that_is_left(traces, tmp_path):
    kinds = {what.rpartition(" ")[0] for what in traces.left}
    assert {"file history.sqlite3", "file history.csv", "file report0.png", "repr", "said"} <= kinds
    assert any(what.startswith("file IM1-") for what in traces.left), "a heatmap was written"
    assert b"IM1" in traces.left["file history.sqlite3 0"], "this does look into what is written"
    assert any(what.startswith("file source-") for what in traces.left), "a visit was kept"
    assert b"study 1" in traces.left["printed 0"]
    # A name in capitals, in UTF-16 or in base64 is still a name.
    for what, content in traces.left.items():
        plain = content.lower()
        for name in PLANTED:
            forms = [name.lower().encode(), name.lower().encode("utf-16-le")]
            assert not any(form in plain for form in forms), (name, what)
            for start in (0, 1, 2):
                coded = base64.b64encode(name.encode()[start:])[:-4]
                assert len(coded) < 8 or coded not in content, (name, what)
    for path in tmp_path.rglob("*.png"):
        with Image.open(path) as picture:
            assert set(picture.info) <= {"dpi", "Software"}, path.name


def test_a_study_on_disk_leaves_no_more_than_one_in_an_archive(archive, tmp_path, capsys):
    shutil.unpack_archive(archive, tmp_path)
    (folder,) = tmp_path.iterdir()
    renamed = folder.rename(tmp_path / "study")
    main(["predict", str(renamed)])
    shown = "".join(capsys.readouterr())
    assert "Study 1: " in shown
    assert "planted" not in shown.lower()


def test_a_radiograph_from_bytes_is_named_by_nobody():
    assert "Planted" not in repr(read_radiograph(planted_dicom(1)))


CODE = """
import sys
from pathlib import Path

def note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.bind"):
        with open(sys.argv[1], "a") as log:
            print(event, arguments[0 if event.endswith("addrinfo") else 1], file=log)

sys.addaudithook(note)
from fracture_widgets.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.slow
def test_answering_leaves_nothing_of_others_at_home_and_reaches_nobody(tmp_path):
    """ONNX Runtime would leave a device id there, and usage events for Microsoft."""
    home, given, log = tmp_path / "home", tmp_path / "given", tmp_path / "log"
    home.mkdir()
    given.mkdir()
    Image.fromarray(limb(320, 240)).save(given / "elbow.png")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "ORT_", "FRACTURE_WIDGETS_"))
    }
    for command in (
        ["predict", "--override-gate", "--heatmap", "maps", "--report", "reports", str(given)],
        ["screen", str(given), "--out", "table.csv"],
    ):
        subprocess.run(
            [sys.executable, "-c", CODE, str(log), *command],
            env=environment | {"HOME": str(home)},
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
    left = {path.relative_to(home).parts[:2] for path in home.rglob("*") if path.is_file()}
    assert left <= {(".cache", "fracture-widgets"), (".cache", "matplotlib")}
    assert (".cache", "fracture-widgets") in left
    sockets = log.read_text().splitlines() if log.exists() else []
    assert [line for line in sockets if not NEAR.search(line)] == []


def test_a_socket_to_elsewhere_would_be_noticed(tmp_path):
    begin, _, end = CODE.partition("from fracture_widgets.cli import main")
    code = f"{begin}import socket; main = lambda _: socket.getaddrinfo('192.0.2.1', 9) and 0{end}"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "log")], check=True)
    assert not NEAR.search((tmp_path / "log").read_text())
