"""A model in an archive, here or at an address: the one that is meant, or a sentence."""

from __future__ import annotations

import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_networks import put

from fracture_widgets import Cascade, draw_phantom, load_dataset
from fracture_widgets.errors import DatasetError, ModelError
from fracture_widgets.imaging.archives import ArchiveLimits
from fracture_widgets.models import fetched

DRAWN = draw_phantom("hand", fractured=True, seed=1).radiograph


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    put(tmp_path / "model" / "part", "body_part", ["elbow", "hand"])
    for part in ("elbow", "hand"):
        put(tmp_path / "model" / part, "fracture", [part])
    return tmp_path / "model"


def packed(folder: Path, within: str = "") -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*.*")):
            file.write(path, f"{within}{path.relative_to(folder).as_posix()}")
        file.writestr("README.md", "not unpacked")
        file.writestr("__MACOSX/._card.json", "nor this")
    return archive


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("within", ["", "model/"])
def test_an_archive_answers_as_its_folder_does(model: Path, within: str, tmp_path: Path) -> None:
    archive = packed(model, within)
    cascade = Cascade.load(archive, sha256=sha256_of(archive).upper())
    folder = Cascade.load(model)
    assert cascade.sha256 == folder.sha256
    assert cascade.probabilities(DRAWN) == folder.probabilities(DRAWN)
    assert [path.name for path in (tmp_path / "cache").rglob("*.md")] == []
    assert Cascade.load(str(archive)).body_parts == ("elbow", "hand")


def test_one_model_alone_is_an_archive_too(tmp_path: Path) -> None:
    archive = packed(put(tmp_path / "hand", "fracture", ["hand"]))
    assert Cascade.load(archive).body_parts == ("hand",)


@pytest.fixture
def served(model: Path) -> Iterator[tuple[str, Path, list[str]]]:
    archive, asked = packed(model), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            content = archive.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/model.zip", archive, asked
    server.shutdown()
    server.server_close()


def test_an_address_is_asked_once_and_only_with_the_sha256(
    served: tuple[str, Path, list[str]], model: Path
) -> None:
    address, archive, asked = served
    for given in ("", "#sha256=", f"#sha256={'x' * 64}", "#sha256=abc"):
        with pytest.raises(ModelError, match="give its sha256, 64 digits"):
            Cascade.load(address + given)
    assert asked == []
    with pytest.raises(ModelError, match=f"its sha256 is {sha256_of(archive)}, not the one given"):
        Cascade.load(address, sha256="0" * 64)
    digest = sha256_of(archive)
    for cascade in (
        Cascade.load(f"{address}#sha256={digest}"),
        Cascade.load(address, sha256=digest),
    ):
        assert cascade.sha256 == Cascade.load(model).sha256
    assert len(asked) == 2


def test_what_is_longer_than_a_model_is_not_downloaded(
    served: tuple[str, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, archive, _ = served
    monkeypatch.setattr(fetched, "_LIMITS", ArchiveLimits(all_bytes=100))
    with pytest.raises(ModelError, match="more than 0 MB"):
        Cascade.load(address, sha256=sha256_of(archive))


def test_what_names_no_model_or_dataset_is_one_sentence() -> None:
    with pytest.raises(ModelError, match="is named by its folder, .* Received: int"):
        Cascade.load(3)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="is named by its folder, .* Received: NoneType"):
        load_dataset(None)  # type: ignore[arg-type]


def test_another_archive_than_the_one_meant_is_refused(model: Path) -> None:
    archive = packed(model)
    with pytest.raises(ModelError, match="is not the archive that is meant"):
        Cascade.load(archive, sha256="0" * 64)
    with pytest.raises(ModelError, match="is no archive, which alone has a sha256"):
        Cascade.load(model, sha256="0" * 64)


@pytest.mark.parametrize(
    "name", ["../card.json", "/card.json", "a/../../card.json", "C:\\card.json"]
)
def test_nothing_is_written_outside_of_its_folder(name: str, model: Path, tmp_path: Path) -> None:
    archive = packed(model)
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(name, "{}")
    before = set(tmp_path.rglob("*.json"))
    with pytest.raises(ModelError, match="names a place outside the archive"):
        Cascade.load(archive)
    assert {path for path in tmp_path.rglob("*.json") if "cache" not in path.parts} == before


def test_bombs_and_what_is_no_archive_are_one_sentence(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = packed(model)
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("part/x.npz", bytes(20 << 20))
    with pytest.raises(ModelError, match="unpacks to far more than it holds"):
        Cascade.load(archive)
    monkeypatch.setattr(fetched, "_LIMITS", ArchiveLimits(all_bytes=1000, ratio=10**6))
    with pytest.raises(ModelError, match="unpacks to more than"):
        Cascade.load(archive)
    monkeypatch.undo()
    for content in (b"", b"no archive", b"PK\x05\x06" + bytes(18)):
        (tmp_path / "x.zip").write_bytes(content)
        with pytest.raises(ModelError, match=r"x\.zip holds no model"):
            Cascade.load(tmp_path / "x.zip")


def test_what_others_changed_in_the_cache_is_unpacked_again(model: Path, tmp_path: Path) -> None:
    archive = packed(model)
    expected = Cascade.load(archive).sha256
    (changed,) = (tmp_path / "cache").rglob("hand/card.json")
    changed.write_text("{}")
    assert Cascade.load(archive).sha256 == expected
