"""The middleware's reference can be built whole, and each page has its example (which tests/examples runs)."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HERE = ROOT / "docs" / "middleware"
EXAMPLES = sorted((HERE / "examples").glob("*.py"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    # a process of its own: other tests declare notifications and settings that are no part of the product
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("site")
    done = run(str(HERE / "build.py"), "--output", str(output))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return output


def pages(site: Path) -> dict[str, str]:
    return {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in site.rglob("*.html")}


def test_every_module_of_the_specification_has_its_page(site: Path) -> None:
    specification = tomllib.loads((ROOT / "tests" / "contract" / "specification.toml").read_text("utf-8"))
    modules = {module for each in specification["class"] for module in (each["module"], *each.get("also", ()))}
    names = sorted(module for module in modules if module.startswith("sipsimple"))
    missing = [name for name in names if not (site / "blinkq" / f"{name.replace('.', '/')}.html").exists()]
    assert missing == []


def test_every_example_is_on_its_page(site: Path) -> None:
    shown = pages(site)
    modules = [name for name in shown if name.startswith("blinkq/")]
    assert len(modules) == len(EXAMPLES), "a page without an example, or an example without a page"
    for name in modules:
        assert '<section id="example">' in shown[name], name
    first = (HERE / "examples" / "application.py").read_text("utf-8").splitlines()[0]
    assert first.strip('"') in shown["blinkq/sipsimple/application.html"]


def test_pages_tell_the_notifications_of_their_classes(site: Path) -> None:
    shown = pages(site)
    assert 'id="SIPSessionDidStart"' in shown["blinkq/sipsimple/session.html"]
    assert 'id="SIPApplicationDidEnd"' in shown["blinkq/sipsimple/application.html"]
    assert 'id="SIPAccountDidActivate"' in shown["blinkq/sipsimple/account.html"]
    assert 'id="DNSLookupTrace"' in shown["blinkq/sipsimple/lookup.html"]
    assert "DNSLookupTrace" not in shown["blinkq/sipsimple/session.html"]


def test_state_tables_are_drawn_without_a_network(site: Path) -> None:
    page = pages(site)["state-machines.html"]
    drawn = (ROOT / "docs" / "state-machines.md").read_text("utf-8").count("```mermaid")
    assert page.count('<svg class="state-diagram"') == drawn > 0
    assert "RECEIVED_PROPOSAL" in page
    assert not re.search(r'<script[^>]+src="https?:', "".join(pages(site).values()))


def test_links_between_the_pages_lead_somewhere(site: Path) -> None:
    broken = []
    for name, text in pages(site).items():
        for target in re.findall(r'href="([^"#:]+\.html)', text):
            if not ((site / name).parent / target).resolve().exists():
                broken.append(f"{name}: {target}")
    assert broken == []


def test_a_module_that_cannot_be_imported_fails_the_build(tmp_path: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(HERE)!r}); import build; build.MODULES += ('blinkq.sipsimple.nothing',); build.main([])"
    done = run("-c", code)
    assert done.returncode == 1
    assert "blinkq.sipsimple.nothing" in done.stderr
