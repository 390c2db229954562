"""Where icons, sounds and translations are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["resource"]

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "resources", _PACKAGE.parent / "resources")


def resource(*parts: str) -> Path:
    """The path of a data file, such as ``resource("icons", "call.svg")``. It need not exist."""
    for folder in _FOLDERS:
        if folder.is_dir():
            return folder.joinpath(*parts)
    return _FOLDERS[-1].joinpath(*parts)
