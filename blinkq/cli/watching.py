"""What ``presence watch`` and ``dialog watch`` have in common: a line for each change of what is known of the watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinkq.base.notification import Notification
from blinkq.cli.failure import WrongUsage
from blinkq.cli.preparation import full_uri, selected_account
from blinkq.cli.tool import Tool
from blinkq.sipsimple.account import Account

__all__ = ["WatchTool"]


class WatchTool(Tool):
    """Watches ``options.uris``; with ``--once`` it leaves with 0 when all of them are known, with 1 when one cannot be."""

    #: the notification that tells, and how one of its resources is written
    notification = ""
    line: Callable[[Any], str]

    def begin(self) -> None:
        account = selected_account(self.options)
        if not isinstance(account, Account) or self.options.direct:
            raise WrongUsage("give the account that watches: --account USER@DOMAIN.")
        uris = [str(full_uri(text, self.options, account)) for text in self.options.uris]
        self.waiting = set(uris)
        self.failed = False
        self.told: dict[str, str] = {}
        self.watch(account, *uris)

    def watch(self, account: Account, *uris: str) -> None:
        """Let the account watch these."""
        raise NotImplementedError

    def handle_notification(self, notification: Notification) -> None:
        super().handle_notification(notification)
        if notification.name == self.notification and self._status is None:
            for resource in notification.data.resource_map.values():
                self._tell(resource)

    def _tell(self, resource: Any) -> None:
        line = self.line(resource)
        if self.told.get(resource.uri) != line:
            self.told[resource.uri] = line
            self.output.result(line)
        if resource.state == "terminated":
            self.failed = True
        self.waiting.discard(resource.uri)
        if self.options.once and not self.waiting:
            self.finish(1 if self.failed else 0)
