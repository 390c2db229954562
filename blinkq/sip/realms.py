"""Which servers an account has proved itself to, so that in-dialog challenges of strangers stay unanswered.

A peer can challenge our BYE with the realm of our own server and collect a digest it may crack or replay. So inside a dialog
credentials are only given to a realm that accepted us in a registration or an out-of-dialog request, and only when the
challenge comes from the address that accepted us.
"""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["TrustedRealms"]

# Accounts times realms times server addresses of one user; the oldest goes when a hostile server makes up more.
MAX_TRUSTED = 256
# Nonces whose use is counted; the oldest is most likely stale.
MAX_NONCES = 1024


class TrustedRealms:
    """The realms, addresses and nonce counts of one agent."""

    def __init__(self) -> None:
        self._trusted: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self.nonce_counts: dict[str, int] = {}

    def trust(self, username: str, realm: str, address: str) -> None:
        """`realm`, speaking from `address`, let `username` through."""
        self._trusted[username, realm, address] = None
        self._trusted.move_to_end((username, realm, address))
        if len(self._trusted) > MAX_TRUSTED:
            self._trusted.popitem(last=False)

    def trusts(self, username: str, realm: str, address: str) -> bool:
        """Whether `realm` at `address` may challenge inside a dialog."""
        return (username, realm, address) in self._trusted

    def trim(self) -> None:
        """Forget the counts of the oldest nonces."""
        while len(self.nonce_counts) > MAX_NONCES:
            del self.nonce_counts[next(iter(self.nonce_counts))]
