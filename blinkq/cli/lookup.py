"""``blinkq lookup URI``: what would be dialled: every DNS query and the routes."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.output import Output
from blinkq.cli.preparation import check_uri, complete_uri, selected_account
from blinkq.cli.tool import Tool
from blinkq.sipsimple.account import Account, AnyAccount
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import BaseSIPURI
from blinkq.sipsimple.explain import explain_lookup
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.session.destination import target_of

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """Look up; returns 0 when there is at least one route."""
    options.play = options.record = None
    options.audio = "null"
    options.uri = _with_scheme(options.uri)
    check_uri(options)
    return LookupTool(options, output).run()


def _with_scheme(text: str) -> str:
    """A name without @ is a domain here: nobody looks up a person at the account's domain."""
    return text if text.lower().startswith(("sip:", "sips:")) else f"sip:{text}"


class LookupTool(Tool):
    """Prints queries as they are answered, then the routes in the order in which they would be tried."""

    def begin(self) -> None:
        account = selected_account(self.options)
        self.uri = complete_uri(self.options, account)
        self.lookup = DNSLookup()
        self.lookup.lookup_sip_proxy(self._target(account), list(SIPSimpleSettings().sip.transport_list))

    def _target(self, account: AnyAccount) -> BaseSIPURI:
        """A domain alone is looked up for itself, except that an outbound proxy takes everything."""
        proxy = account.sip.outbound_proxy if isinstance(account, Account) else None
        return target_of(account, self.uri) if self.uri.user or proxy is not None else self.uri

    def _NH_DNSLookupTrace(self, notification: Notification) -> None:
        data = notification.data
        if self._started and notification.sender is self.lookup:
            records = [str(record) for record in data.answer] if data.answer is not None else [str(data.error) or type(data.error).__name__]
            for record in records:
                self.output.result(f"{data.query_type:5} {data.query_name}  {record}")

    def _NH_DNSLookupDidSucceed(self, notification: Notification) -> None:
        if self._started and notification.sender is self.lookup:
            for route in notification.data.result:
                name = f"  (certificate of {route.tls_name})" if route.transport == "tls" and route.tls_name else ""
                self.output.result(f"route {route.transport} {route.address} port {route.port}{name}")
            self.finish(0)

    def _NH_DNSLookupDidFail(self, notification: Notification) -> None:
        if self._started and notification.sender is self.lookup:
            self.output.say(explain_lookup(notification.data.error, str(self.uri)).text())
            self.finish(1)
