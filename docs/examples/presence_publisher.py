"""Publishes that somebody is there, with a note: ``... docs/examples/presence_publisher.py DIRECTORY SERVER[:PORT] NOTE``.

It works with the SIP core alone, without starting the application; the settings in DIRECTORY have the account (``make_account.py``). The
return key takes the note back.
"""

import sys
from datetime import UTC, datetime
from threading import Thread

from application import log
from application.notification import IObserver, NotificationCenter
from application.python import Null
from eventlib.twistedutil import join_reactor  # noqa: F401 - scripts import it for its effect
from sipsimple.account import AccountManager
from sipsimple.application import SIPApplication
from sipsimple.configuration import ConfigurationManager
from sipsimple.core import Engine, FromHeader, PJSIPError, Publication, Route, RouteHeader, SIPCoreError
from sipsimple.payloads.pidf import PIDF, DMNote, Person, PersonTimestamp, Service, ServiceTimestamp, Status
from sipsimple.payloads.rpid import Activities
from sipsimple.storage import FileStorage
from sipsimple.threading import run_in_twisted_thread
from twisted.internet import reactor
from twisted.internet.error import ReactorNotRunning
from zope.interface import implementer


@implementer(IObserver)
class PresencePublisher:
    def __init__(self, account, route, note):
        self.account = account
        self.route = route
        self.note = note
        self.publication = None
        NotificationCenter().add_observer(self)

    def start(self):
        try:
            Engine().start(auto_sound=False, events={"presence": ["application/pidf+xml"]}, udp_port=0, tcp_port=None, tls_port=None,
                           trace_sip=False, log_level=0, sample_rate=16000, rtp_port_range=(50000, 50100))  # fmt: skip
        except (PJSIPError, SIPCoreError) as error:
            sys.exit(f"the engine does not start: {error}")

    def presence(self):
        now = datetime.now(UTC)
        pidf = PIDF(f"sip:{self.account.id}")
        service = Service("phone", status=Status(basic="open"))
        service.timestamp = ServiceTimestamp(now)
        person = Person("me")
        person.activities = Activities()
        person.activities.add("working")
        person.notes.add(DMNote(self.note, lang="en"))
        person.timestamp = PersonTimestamp(now)
        pidf.add(service)
        pidf.add(person)
        return pidf

    @run_in_twisted_thread
    def end(self):
        self.publication.end(timeout=2)

    def handle_notification(self, notification):
        handler = getattr(self, f"_NH_{notification.name}", Null)
        handler(notification)

    def _NH_SIPEngineDidStart(self, notification):
        self.publication = Publication(
            FromHeader(self.account.uri, self.account.display_name), "presence", "application/pidf+xml",
            credentials=self.account.credentials, duration=self.account.sip.publish_interval,
        )  # fmt: skip
        self.publication.publish(self.presence().toxml(), RouteHeader(self.route.uri), timeout=5)

    def _NH_SIPPublicationDidSucceed(self, notification):
        log.info(f"published for {notification.data.expires_in} s")

    def _NH_SIPPublicationDidFail(self, notification):
        log.error(f"{notification.data.code} {notification.data.reason}")
        Engine().stop()

    def _NH_SIPPublicationDidNotEnd(self, notification):
        log.warning(f"the server keeps it until it expires: {notification.data.code} {notification.data.reason}")
        Engine().stop()

    def _NH_SIPPublicationDidEnd(self, notification):
        log.info("taken back")
        Engine().stop()

    def _NH_SIPEngineDidEnd(self, notification):
        try:
            reactor.callFromThread(reactor.stop)
        except ReactorNotRunning:
            pass


directory, server, note = sys.argv[1:4]
SIPApplication.storage = FileStorage(directory)
ConfigurationManager().start()
AccountManager().load()
host, _, port = server.partition(":")
publisher = PresencePublisher(AccountManager().default_account, Route(host, port=int(port or 5060)), note)


def wait_for_return():
    sys.stdin.readline()
    publisher.end()


reactor.callLater(0, publisher.start)
Thread(target=wait_for_return, daemon=True).start()
reactor.run()
