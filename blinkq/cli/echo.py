"""``blinkq echo``: a service that answers, speaks a greeting and then says back what it hears."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.resources import resource
from blinkq.cli.answer import AnswerTool
from blinkq.cli.output import Output
from blinkq.cli.preparation import check_files, check_folder

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """Serve until interrupted, or ``--count`` calls."""
    if options.play is None:
        options.play = resource("sounds", "echo_greeting.wav")
    if options.audio is None:
        options.audio = "null"
    check_files(options)
    check_folder(options)
    return EchoTool(options, output).run()


class EchoTool(AnswerTool):
    """Answers every call and echoes it after the greeting."""

    echoes = True
