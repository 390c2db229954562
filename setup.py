"""What pyproject.toml cannot say: the wheel carries resources/ and the compiled windows of ui/ inside the package."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithResources(build_py):
    """Builds the package afresh, with what lies beside it in a checkout."""

    def run(self) -> None:
        if self.editable_mode:
            super().run()
            return
        package = Path(self.build_lib) / "blinkq"
        shutil.rmtree(package, ignore_errors=True)  # an earlier build's modules would stay for ever
        super().run()
        complete(package)


def complete(package: Path) -> None:
    """Put the data files and the compiled forms into ``package``, a copy of blinkq/."""
    from blinkq.app.build_forms import build

    shutil.copytree(ROOT / "resources", package / "resources", dirs_exist_ok=True)
    forms = package / "app" / "forms"
    shutil.rmtree(forms, ignore_errors=True)  # those of the checkout may be stale
    if not build(ROOT / "ui", forms):
        raise SystemExit(f"there are no windows in {ROOT / 'ui'}")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    setup(cmdclass={"build_py": BuildWithResources})
