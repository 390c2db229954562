"""The console script ``blinkq``: without a command the softphone, else one of the tools. Exit status: 0 done, 1 failed, 2 wrong usage."""

from __future__ import annotations

import argparse
import importlib
import io
import logging
import sys
from collections.abc import Sequence

from blinkq.cli.arguments import build_parser
from blinkq.cli.failure import CommandFailure, WrongUsage
from blinkq.cli.output import Output

__all__ = ["main"]

# Each tool's module has run(options, output) -> exit status. They are imported by name so that `blinkq lookup` does not pay for the rest.
TOOLS = (
    "answer", "call", "chat", "conference", "dialog", "echo", "lookup", "message", "mwi", "neighbours", "presence", "register",
    "send_file", "settings", "share_desktop", "transfer", "view_desktop",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``blinkq`` with ``arguments`` (default: the process's); returns the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # a peer's name may have characters that this terminal or Windows' code page lacks; standard error shows them so by itself
        sys.stdout.reconfigure(errors="backslashreplace")
    options = build_parser().parse_args(arguments)
    # what a person must know is said in sentences; the log's warnings are for whoever looks deeper
    level = logging.WARNING if options.command is None or getattr(options, "trace", None) else logging.ERROR
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    if options.command is None:
        return _softphone(options)
    output = Output(as_json=getattr(options, "json", False))
    try:
        status: int = importlib.import_module(f"blinkq.cli.{options.command}").run(options, output)
        return status
    except WrongUsage as error:
        output.say(f"blinkq {options.command}: {error}")
        return 2
    except CommandFailure as error:
        output.say(str(error))
        return 1
    except KeyboardInterrupt:
        return 1


def _softphone(options: argparse.Namespace) -> int:
    application = importlib.import_module("blinkq.app.main")
    status: int = application.run(application.StartOptions(config_dir=options.config_dir))
    return status


if __name__ == "__main__":
    sys.exit(main())
