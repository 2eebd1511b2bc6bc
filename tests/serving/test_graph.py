from __future__ import annotations

import pytest

from fracture_widgets.models.compose import load_composition
from fracture_widgets.models.engine import GRAPH_FILE
from fracture_widgets.serving.graph import graph_made_meanwhile


@pytest.mark.slow
def test_the_graph_is_in_the_cache_before_a_kernel_wants_it(tmp_path, monkeypatch):
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


def test_what_fails_meanwhile_ends_the_making_too():
    with pytest.raises(KeyError, match="meanwhile"), graph_made_meanwhile():
        raise KeyError("meanwhile")
