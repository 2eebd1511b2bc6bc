from __future__ import annotations

import pytest
from reading_cases import KnownSource


@pytest.fixture
def source():
    return KnownSource()
