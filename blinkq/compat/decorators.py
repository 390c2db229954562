"""``application.python.decorator``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["decorator", "preserve_signature"]

F = TypeVar("F", bound=Callable[..., Any])


def decorator(func: F) -> F:
    """Mark ``func`` as a decorator; it stays what it is."""
    return func


def preserve_signature(func: Callable[..., Any]) -> Callable[[F], F]:
    """Give a wrapper the name, the documentation and the signature of ``func``."""
    return functools.wraps(func)  # type: ignore[return-value]  # the wrapper itself, dressed up
