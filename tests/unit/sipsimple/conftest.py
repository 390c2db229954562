"""Every test of the middleware begins and ends without singletons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.singleton import Singleton


@pytest.fixture(autouse=True)
def _fresh_singletons() -> Iterator[None]:
    Singleton.forget()
    yield
    ConfigurationManager().stop()
    Runtime.reset()
    Singleton.forget()
