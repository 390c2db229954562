"""The exception tree of BlinkQ.

    BlinkQError
    ├── IllegalStateError(RuntimeError)      a method was called in a state that does not allow it
    ├── IllegalDirectionError(RuntimeError)  a method was called that belongs to the other party's side of a transfer
    ├── IllegalTransition                    a state machine was given an input that its table does not have (our own misuse)
    └── CatalogueError                       a notification was posted that is not declared so

Rooms hang their own branches under BlinkQError where they are raised. Only our own misuse raises; what a peer sends never does
(it becomes an event).
"""

from __future__ import annotations

__all__ = ["BlinkQError", "CatalogueError", "IllegalDirectionError", "IllegalStateError", "IllegalTransition"]


class BlinkQError(Exception):
    """Base of all exceptions that BlinkQ raises on purpose."""


class IllegalStateError(BlinkQError, RuntimeError):
    """A method was called in a state in which it is not allowed; the message names the method and the state."""


class IllegalDirectionError(BlinkQError, RuntimeError):
    """A method was called that is for transfers in the other direction than the present one."""


class IllegalTransition(BlinkQError):
    """A state machine got an input that its table does not allow in its state."""


class CatalogueError(BlinkQError):
    """A notification is not declared, or is posted with fields other than the declared ones."""
