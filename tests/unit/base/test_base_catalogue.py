"""The notification catalogue refuses what is not declared."""

from __future__ import annotations

import pytest

from blinkq.base import catalogue
from blinkq.base.errors import CatalogueError
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler


@pytest.fixture(autouse=True)
def own_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "CATALOGUE", {})


def test_posting_as_declared_reaches_the_observer_with_a_timestamp() -> None:
    catalogue.declare("BaseTestPing", "object", "A ping.", required=("code",), optional=("reason",))
    heard: list[Notification] = []

    class Observer(NotificationHandler):
        def _NH_BaseTestPing(self, notification: Notification) -> None:
            heard.append(notification)

    observer = Observer()
    NotificationCenter().add_observer(observer, "BaseTestPing")
    catalogue.post("BaseTestPing", "me", code=200)
    assert heard[0].sender == "me"
    assert heard[0].data.code == 200
    assert heard[0].data.timestamp.tzinfo is not None


@pytest.mark.parametrize("fields", [{}, {"code": 1, "colour": 2}])
def test_wrong_fields_fail(fields: dict[str, object]) -> None:
    catalogue.declare("BaseTestPing", "object", "A ping.", required=("code",))
    with pytest.raises(CatalogueError, match="BaseTestPing"):
        catalogue.post("BaseTestPing", None, **fields)


def test_unknown_and_double_names_fail() -> None:
    with pytest.raises(CatalogueError):
        catalogue.post("BaseTestPong", None)
    catalogue.declare("BaseTestPing", "object", "A ping.")
    with pytest.raises(CatalogueError):
        catalogue.declare("BaseTestPing", "object", "Again.")
