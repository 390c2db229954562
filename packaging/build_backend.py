"""The build backend: setuptools, which for a wheel also needs the compiler of the forms (an editable install compiles them later)."""

from __future__ import annotations

import tomllib
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403  # pip looks for the hooks in this module

ROOT = Path(__file__).resolve().parent.parent


def get_requires_for_build_wheel(config_settings: dict[str, str | list[str] | None] | None = None) -> list[str]:
    """What setuptools needs, and PyQt6 in the version that BlinkQ will run on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    compiler = [requirement for requirement in project["dependencies"] if requirement.startswith("PyQt6")]
    return [*build_meta.get_requires_for_build_wheel(config_settings), *compiler]
