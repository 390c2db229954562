"""Makes ``import sipsimple...`` and ``import application...`` find our modules."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from blinkq.compat.names import MODULES, NAMES_FROM

__all__ = ["Finder", "install_names"]


class Finder(Loader, MetaPathFinder):
    """Finds the modules of some packages, and no others of them.

    :param packages: the packages' names; others are somebody else's
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = tuple(packages)

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module ``fullname``; raises ModuleNotFoundError when it is in one of the packages and not ours."""
        if fullname.partition(".")[0] not in self.packages:
            return None
        if fullname not in MODULES:
            raise ModuleNotFoundError(f"BlinkQ has no {fullname}; its manual (compat) tells what runs", name=fullname)
        spec = ModuleSpec(fullname, self, origin=f"BlinkQ's {fullname}")
        spec.submodule_search_locations = []
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Python makes the module itself."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Fill it with the public names of what stands behind it."""
        names: dict[str, object] = {}
        for source in (importlib.import_module(name) for name in MODULES[module.__name__]):
            names |= {name: getattr(source, name) for name in source.__all__}
            module.__doc__ = source.__doc__
        module.__dict__.update(names)
        module.__dict__["__all__"] = sorted(names)


def install_names() -> Finder:
    """Let scripts find our modules under the SDK's names, package by package, unless the genuine one is installed."""
    finder = Finder([name for name in NAMES_FROM if importlib.util.find_spec(name) is None])
    sys.meta_path.insert(0, finder)
    return finder
