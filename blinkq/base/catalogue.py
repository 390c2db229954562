"""The notification catalogue: each notification is declared once, with its fields.

A misspelt name or a missing field fails at once, where it is posted, instead of silently doing nothing where it should have been heard.
The manual's page of notifications is generated from the declarations.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from blinkq.base.errors import CatalogueError
from blinkq.base.notification import NotificationCenter, NotificationData

__all__ = ["CATALOGUE", "Declaration", "declare", "post"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One notification: its name, the class of its sender, its data fields and one line of prose."""

    name: str
    sender: str
    doc: str
    required: frozenset[str]
    optional: frozenset[str]

    def check(self, fields: Iterable[str]) -> None:
        """Raise CatalogueError where ``fields`` are not as declared."""
        given = frozenset(fields)
        if missing := self.required - given:
            raise CatalogueError(f"{self.name} lacks {', '.join(sorted(missing))}")
        if unknown := given - self.required - self.optional - {"timestamp"}:
            raise CatalogueError(f"{self.name} has no {', '.join(sorted(unknown))}")


CATALOGUE: dict[str, Declaration] = {}


def declare(name: str, sender: str, doc: str, required: Iterable[str] = (), optional: Iterable[str] = ()) -> Declaration:
    """Declare a notification; declaring a name twice raises CatalogueError."""
    if name in CATALOGUE:
        raise CatalogueError(f"{name} is declared twice")
    CATALOGUE[name] = declaration = Declaration(name, sender, doc, frozenset(required), frozenset(optional))
    return declaration


def post(name: str, sender: object, /, **data: object) -> None:
    """Post a declared notification; ``timestamp`` (a datetime with time zone) is added to its data.

    Raises CatalogueError when the name is not declared or the fields are not the declared ones.
    """
    try:
        declaration = CATALOGUE[name]
    except KeyError:
        raise CatalogueError(f"{name} is not in the notification catalogue") from None
    declaration.check(data)
    data.setdefault("timestamp", datetime.datetime.now(datetime.UTC).astimezone())
    NotificationCenter().post_notification(name, sender, NotificationData(**data))
