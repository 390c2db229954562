"""``blinkq dialog watch``: whether others are in a call."""

from __future__ import annotations

from argparse import Namespace

from blinkq.cli.output import Output
from blinkq.cli.state_lines import dialog_line
from blinkq.cli.watching import WatchTool
from blinkq.sipsimple.account import Account

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """Watch until interrupted; with ``--once`` returns 0 or 1 when all are known."""
    return DialogWatchTool(options, output).run()


class DialogWatchTool(WatchTool):
    """Reports the calls of others, for busy lamps."""

    events = ("dialog_event",)
    notification = "SIPAccountGotDialogState"
    line = staticmethod(dialog_line)

    def watch(self, account: Account, *uris: str) -> None:
        account.watch_dialogs(*uris)
