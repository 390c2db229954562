"""Compiles the windows drawn in ``ui/*.ui`` into ``blinkq/app/forms/*.py``, where they are missing or stale.

``python -m blinkq.app.build_forms`` does it as a step of the build; ``form_loader`` does it by itself in a fresh checkout.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path

__all__ = ["FORMS_FOLDER", "UI_FOLDER", "build", "main"]

UI_FOLDER = Path(__file__).resolve().parent.parent.parent / "ui"
FORMS_FOLDER = Path(__file__).resolve().parent / "forms"


def build(ui_folder: Path = UI_FOLDER, forms_folder: Path = FORMS_FOLDER) -> list[Path]:
    """Compile what is stale and remove forms whose window is gone; returns the files written.

    Without windows in ``ui_folder`` does nothing: an installed BlinkQ has its forms and no such folder, and a folder of that name beside
    the package belongs to somebody else.
    """
    sources = {source.stem: source for source in sorted(ui_folder.glob("*.ui"))}
    if not sources:
        return []
    forms_folder.mkdir(parents=True, exist_ok=True)
    package = forms_folder / "__init__.py"
    if not package.exists():
        _write(package, '"""Compiled from ui/*.ui; do not edit."""\n')
    written = [forms_folder / f"{stem}.py" for stem, source in sources.items() if _compile(source, forms_folder / f"{stem}.py")]
    for form in forms_folder.glob("*.py"):
        if form != package and form.stem not in sources:
            form.unlink()
    return written


def main() -> int:
    """Entry of ``python -m blinkq.app.build_forms``."""
    written = build()
    print(f"{len(written)} of {len(list(UI_FOLDER.glob('*.ui')))} forms compiled" if written else "forms are up to date")
    return 0


def _compile(source: Path, target: Path) -> bool:
    try:
        if target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            return False
    except FileNotFoundError:
        pass
    # imported here because it costs 30 ms, which a start with fresh forms does not need
    compiler = importlib.import_module("PyQt6.uic")
    output = io.StringIO()
    compiler.compileUi(str(source), output)
    _write(target, output.getvalue())
    return True


def _write(target: Path, text: str) -> None:
    # Written aside and renamed, so that two starts at the same moment cannot read half a form.
    part = target.with_name(f".{target.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(target)


if __name__ == "__main__":
    sys.exit(main())
