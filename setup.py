"""What pyproject.toml cannot say: the wheel carries the data files of resources/ and the compiled forms inside the package."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithResources(build_py):
    """Copies resources/ and ui/ into the package that is being built."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "blinkq"
            for folder in ("resources", "ui"):
                shutil.copytree(ROOT / folder, target / folder, dirs_exist_ok=True)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    setup(cmdclass={"build_py": BuildWithResources})
