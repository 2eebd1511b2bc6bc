"""What is ready before the server is: folders of its own, and the network's graph."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fracture_widgets.base import files
from fracture_widgets.models.compose import load_composition
from fracture_widgets.models.engine import GRAPH_FILE
from fracture_widgets.serving.prepare import folders_of_our_own, graph_made_meanwhile

NAMES = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


def test_jupyter_s_folders_are_empty_ones_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", "mine")
    before = dict(os.environ)
    with folders_of_our_own():
        folders = {Path(os.environ[name]).parent for name in NAMES}
        (folder,) = folders
        assert folder.is_dir()
        assert "HOME" not in os.environ or os.environ["HOME"] == before["HOME"]
    assert dict(os.environ) == before
    assert not folder.exists()


def test_who_has_no_home_has_one_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("could not determine the home directory")

    def unusable() -> Path:
        raise OSError("no cache")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr("fracture_widgets.serving.prepare.cache_folder", unusable)
    history = files.data_folder()
    with folders_of_our_own():
        assert Path(os.environ["HOME"]).is_dir()
        assert os.environ["MPLCONFIGDIR"] == os.environ["HOME"]
        assert files.data_folder() == history


def test_a_kernel_keeps_no_record_of_what_it_is_asked_and_has_no_debugger() -> None:
    from jupyter_client.manager import start_new_kernel

    with folders_of_our_own():
        manager, client = start_new_kernel(startup_timeout=120)
        try:
            said: list[str] = []
            client.execute_interactive(
                "import sys\n"
                "print(get_ipython().history_manager.enabled, 'debugpy.server' in sys.modules)",
                timeout=120,
                output_hook=lambda message: said.append(message["content"].get("text", "")),
            )
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        assert "".join(said).strip() == "False False"
        assert not list(Path(os.environ["IPYTHONDIR"]).rglob("history.sqlite"))


@pytest.mark.slow
def test_the_graph_is_in_the_cache_before_a_kernel_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    with graph_made_meanwhile():
        pass
    graphs = sorted(tmp_path.rglob(GRAPH_FILE))
    assert len(graphs) == len(load_composition().networks)
    made = [graph.stat().st_mtime_ns for graph in graphs]
    with graph_made_meanwhile():
        pass
    assert [graph.stat().st_mtime_ns for graph in graphs] == made


def test_what_fails_meanwhile_ends_the_making_too() -> None:
    with pytest.raises(KeyError, match="meanwhile"), graph_made_meanwhile():
        raise KeyError("meanwhile")
