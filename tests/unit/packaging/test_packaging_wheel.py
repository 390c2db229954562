"""What setup.py adds to the package that a wheel carries."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def setup_script() -> ModuleType:
    """setup.py as a module; it runs nothing when it is imported."""
    pytest.importorskip("setuptools", reason="this Python has no setuptools; pip brings its own for a build")
    spec = importlib.util.spec_from_file_location("blinkq_setup", ROOT / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_wheel_has_all_data_files(setup_script: ModuleType, tmp_path: Path) -> None:
    setup_script.complete(tmp_path)
    wanted = {file.relative_to(ROOT / "resources") for file in (ROOT / "resources").rglob("*") if file.is_file()}
    assert wanted
    assert wanted == {file.relative_to(tmp_path / "resources") for file in (tmp_path / "resources").rglob("*") if file.is_file()}


def test_the_wheel_has_the_forms_of_today(setup_script: ModuleType, tmp_path: Path) -> None:
    forms = tmp_path / "app" / "forms"
    forms.mkdir(parents=True)
    (forms / "of_last_year.py").touch()
    setup_script.complete(tmp_path)
    assert {form.stem for form in forms.iterdir()} == {"__init__"} | {window.stem for window in (ROOT / "ui").glob("*.ui")}
    assert "class Ui_MainWindow" in (forms / "main_window.py").read_text(encoding="utf-8")


def test_without_windows_there_is_no_wheel(setup_script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "resources", tmp_path / "resources")
    monkeypatch.setattr(setup_script, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="no windows"):
        setup_script.complete(tmp_path / "blinkq")


def test_installed_forms_survive_a_strangers_ui_folder(tmp_path: Path) -> None:
    from blinkq.app.build_forms import build

    forms = tmp_path / "forms"
    forms.mkdir()
    (forms / "main_window.py").touch()
    (tmp_path / "ui").mkdir()
    assert build(tmp_path / "ui", forms) == []
    assert (forms / "main_window.py").exists()
