"""Who needs which path to stay open: registrations, calls and subscriptions hold the connections and NAT bindings that they live on.

What this is not: the keep-alives themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from blinkq.sip.events import (
    IncomingSubscriptionEnded,
    InvitationAnswered,
    InvitationEnded,
    InvitationFailed,
    InvitationProgressed,
    InvitationReceived,
    RegistrationEnded,
    RegistrationFailed,
    RegistrationSucceeded,
    SubscriptionAccepted,
    SubscriptionEnded,
    SubscriptionFailed,
    SubscriptionReceived,
)
from blinkq.sip.hop import Flow, Hop

__all__ = ["Path", "PathHolds", "path_of"]

#: (transport, address, port, TLS name) of where requests go; ("flow", "", number, None) for an accepted connection.
Path = tuple[str, str, int, str | None]


def path_of(path: Hop | Flow) -> Path:
    """The path that a hop or a flow takes. Over UDP a flow and a hop to the same peer are one."""
    if isinstance(path, Hop):
        return path.transport, path.address, path.port, path.tls_name
    if path.transport == "udp":
        return "udp", path.remote_address, path.remote_port, None
    return "flow", "", path.connection, None


class PathHolds:
    """Counts holders of paths.

    :param changed: called with (path, True) when the first holder comes, (path, False) when the last one goes
    """

    def __init__(self, changed: Callable[[Path, bool], None]) -> None:
        self._changed = changed
        self._holders: dict[Path, list[object]] = {}

    def held(self, path: Path) -> bool:
        """Whether anything needs this path."""
        return path in self._holders

    def add(self, path: Path, holder: object) -> None:
        """Hold; a holder counts once, and leaves the path that it held before."""
        holders = self._holders.get(path)
        if holders is not None and any(known is holder for known in holders):
            return
        self.discard(holder)
        self._holders.setdefault(path, []).append(holder)
        if len(self._holders[path]) == 1:
            self._changed(path, True)

    def discard(self, holder: object) -> None:
        """The holder needs nothing any more."""
        for path, holders in list(self._holders.items()):
            rest = [known for known in holders if known is not holder]
            if rest:
                self._holders[path] = rest
            else:
                del self._holders[path]
                self._changed(path, False)

    def note(self, event: object) -> None:
        """Learn from an event of the agent who lives where."""
        match event:
            case RegistrationSucceeded(registration=registration):
                self.add(path_of(registration.parameters.hop), registration)
            case RegistrationFailed(registration=registration) | RegistrationEnded(registration=registration):
                self.discard(registration)
            case (
                InvitationReceived(invitation=invitation)
                | InvitationProgressed(invitation=invitation)
                | InvitationAnswered(invitation=invitation)
            ):
                path = invitation.flow or invitation.hop
                if path is not None:
                    self.add(path_of(path), invitation)
            case InvitationFailed(invitation=invitation) | InvitationEnded(invitation=invitation):
                self.discard(invitation)
            case SubscriptionAccepted(subscription=subscription):
                self.add(path_of(subscription.parameters.hop), subscription)
            case SubscriptionFailed(subscription=subscription) | SubscriptionEnded(subscription=subscription):
                self.discard(subscription)
            case SubscriptionReceived(incoming_subscription=incoming):
                self.add(path_of(incoming.flow), incoming)
            case IncomingSubscriptionEnded(incoming_subscription=incoming):
                self.discard(incoming)
