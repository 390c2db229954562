"""``python -m blinkq.compat SCRIPT [ARGS]``: run a script that was written for the SIP SIMPLE SDK."""

from __future__ import annotations

import os
import runpy
import sys
import threading

from blinkq.base.notification import Notification, NotificationCenter
from blinkq.compat.adaptations import adapt
from blinkq.compat.finder import install_names
from blinkq.compat.translation import Translator
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.engine import Engine

USAGE = "usage: python -m blinkq.compat SCRIPT [ARGS]"
STOP_LIMIT = 10.0  # seconds for unregistering and hanging up after the script's end


def main(arguments: list[str]) -> int | str:
    """Run the script; returns the exit status, or a sentence for people that stands for status 1."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    script = arguments[0]
    if not os.path.isfile(script):
        return f"There is no script {script}."
    install_names()
    undo = adapt()
    translator = Translator()
    sys.argv = arguments
    sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    try:
        runpy.run_path(script, run_name="__main__")
    except SyntaxError as error:
        if error.filename != script:
            raise
        return f"{script}, line {error.lineno}: {error.msg}. A script for Python 2 must be brought to today's Python first."
    finally:
        _stop_everything()
        translator.close()
        undo()
    return 0


class _End:
    """Waits for a notification that says that something has ended."""

    def __init__(self, name: str) -> None:
        self.come = threading.Event()
        NotificationCenter().add_observer(self, name=name)

    def handle_notification(self, notification: Notification) -> None:
        self.come.set()


def _stop_everything() -> None:
    """Hang up and unregister where the script did not, send what waits to be sent; peers must not be left waiting."""
    if SIPApplication.state in ("starting", "started", "stopping"):
        end = _End("SIPApplicationDidEnd")
        SIPApplication().stop()
        if SIPApplication.state != "stopped":
            end.come.wait(STOP_LIMIT)
    elif Engine().is_running:
        end = _End("SIPEngineDidEnd")
        Engine().stop()
        if Engine().is_running:
            end.come.wait(STOP_LIMIT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
