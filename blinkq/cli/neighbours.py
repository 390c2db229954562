"""``blinkq neighbours``: who can be called on the local network."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.failure import WrongUsage
from blinkq.cli.neighbourhood import named, people
from blinkq.cli.output import Output
from blinkq.cli.tool import Tool
from blinkq.sipsimple.account import BonjourAccount
from blinkq.sipsimple.neighbours import BonjourNeighbourRecord

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """List the neighbours; with ``--watch`` stay until interrupted. Returns 0, or 1 when the network cannot be searched."""
    if options.account not in (None, "bonjour@local"):
        raise WrongUsage("only the account bonjour has neighbours.")
    options.account = "bonjour@local"
    return NeighboursTool(options, output).run()


class NeighboursTool(Tool):
    """Listens without being seen, then prints a line for each neighbour: name, computer, addresses."""

    announces = False

    def begin(self) -> None:
        self.listed = False
        self.problem = ""
        self.after(self.options.wait, self._list)

    def _list(self) -> None:
        self.listed = True
        found = people(BonjourAccount().neighbours.values())
        for records in found:
            self.output.result(_line(records))
        if not found:
            self.output.say(self.problem or "No neighbours were found.")
        if not self.options.watch:
            self.finish(1 if self.problem else 0)

    def _NH_BonjourAccountDiscoveryDidFail(self, notification: Notification) -> None:
        self.problem = str(notification.data.reason)

    def _NH_BonjourAccountWillInitiateDiscovery(self, notification: Notification) -> None:
        self.problem = ""

    def _NH_BonjourAccountDidAddNeighbour(self, notification: Notification) -> None:
        self._report("+", notification.data.record)

    def _NH_BonjourAccountDidUpdateNeighbour(self, notification: Notification) -> None:
        self._report("*", notification.data.record)

    def _NH_BonjourAccountDidRemoveNeighbour(self, notification: Notification) -> None:
        self._report("-", notification.data.record)

    def _report(self, mark: str, record: BonjourNeighbourRecord) -> None:
        if self._started and self.listed and self._status is None:
            self.output.result(f"{mark} {_line([record])}")


def _line(records: list[BonjourNeighbourRecord]) -> str:
    presence = records[0].presence
    state = "  ".join(part for part in (presence.state, presence.note) if part)
    return "  ".join(part for part in (named(records[0]), *(str(record.uri) for record in records), state) if part)
