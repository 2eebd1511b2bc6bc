"""A network is one file: found by its folder, known by its decorator."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from fracture_widgets.base import plugins
from fracture_widgets.models.networks import trunks
from fracture_widgets.models.networks.trunks import ARCHITECTURES


@pytest.fixture
def found_anew():
    known = dict(ARCHITECTURES)
    yield
    ARCHITECTURES.clear()
    ARCHITECTURES.update(known)


def test_those_of_the_package_come_in_their_order() -> None:
    assert list(ARCHITECTURES) == ["resnet50", "alexnet", "vgg16", "densenet169"]
    assert ARCHITECTURES["vgg16"].imagenet == "VGG16"
    assert ARCHITECTURES["resnet50"].frozen_up_to == "conv4_block6_out"


def test_one_of_another_package_follows_and_a_broken_one_is_named(
    found_anew, monkeypatch: pytest.MonkeyPatch, tmp_path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "their_network.py").write_text(
        "from fracture_widgets.models.networks.trunks import network\n"
        "@network('mine', title='Mine')\n"
        "def build(size): ...\n"
    )
    (tmp_path / "their_broken_network.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    points = [
        EntryPoint(name, name, trunks.GROUP) for name in ("their_network", "their_broken_network")
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points)
    trunks.find_networks()
    assert list(ARCHITECTURES)[-1] == "mine"
    assert ARCHITECTURES["mine"].title == "Mine"
    assert "their_broken_network" in caplog.text
