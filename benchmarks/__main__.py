"""`python -m benchmarks [--quick] [NAME...]`: run the measurements, print a line a figure, write build/bench.json."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.figure import TARGETS, Figure, line
from benchmarks.machine import LoadMeter, describe, reference_loop

#: In this order; each has run(), and quick() where only a part of it belongs to the quick run.
MODULES = ("parse", "setup", "start", "calls", "spacing", "flood", "media", "msrp", "desktop")
QUICK = ("parse", "setup", "start", "flood")
RESULT = Path("build/bench.json")


def main() -> int:
    """Returns 1 when a measurement could not be made; a missed target is a result like others."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of: {', '.join(MODULES)}")
    parser.add_argument("--quick", action="store_true", help=f"only {', '.join(QUICK)}")
    options = parser.parse_args()
    if unknown := set(options.names) - set(MODULES):
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    print(f"# {describe()}; load {_load()}")
    results: list[dict[str, Any]] = []
    failures = 0
    for name in options.names or (QUICK if options.quick else MODULES):
        speed, meter, begin = reference_loop(), LoadMeter(), time.monotonic()
        try:
            figures = _measurement(name, quick=options.quick)()
        except (RuntimeError, OSError, AssertionError) as error:  # one that cannot be made must not cost the others
            print(f"# {name} FAILED: {error}", flush=True)
            failures += 1
            continue
        others, speed = meter.others(), max(speed, reference_loop())
        for figure in (Figure(*measured) for measured in figures):
            print(line(figure), flush=True)
            results.append({**_entry(figure), "others": round(others, 3), "reference_loop": round(speed, 2)})
        took = time.monotonic() - begin
        print(f"# {name}: {took:.0f} s; others kept {others:.2f} cores busy; reference loop {speed:.1f} ms; load {_load()}", flush=True)
    _write(results)
    return 1 if failures else 0


def _measurement(name: str, *, quick: bool) -> Callable[[], list[tuple[str, float, str]]]:
    module = importlib.import_module(f"benchmarks.bench_{name}")
    function: Callable[[], list[tuple[str, float, str]]] = (quick and getattr(module, "quick", None)) or module.run
    return function


def _entry(figure: Figure) -> dict[str, Any]:
    target = TARGETS.get(figure.name)
    entry: dict[str, Any] = figure._asdict()
    if target is not None:
        entry |= {"target": target.limit, "at_most": target.at_most, "met": target.met(figure.value)}
    return entry


def _write(results: list[dict[str, Any]]) -> None:
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": describe(), "figures": results}, indent=1) + "\n")
    with_target = [entry for entry in results if "met" in entry]
    print(f"# {sum(entry['met'] for entry in with_target)} of {len(with_target)} targets met; written to {RESULT}")


def _load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
