"""A client as the SDK's own are: no call of SIPApplication's __init__, observers on self, super calls, a conference, players."""

import sys
from threading import Event

from application.notification import IObserver, NotificationCenter
from application.python import Null
from sipsimple.account import Account, AccountManager
from sipsimple.application import SIPApplication
from sipsimple.audio import WavePlayer
from sipsimple.conference import AudioConference
from sipsimple.configuration import ConfigurationError
from sipsimple.configuration.settings import SIPSimpleSettings
from sipsimple.core import SIPURI, SIPCoreError, ToHeader
from sipsimple.lookup import DNSLookup, DNSLookupError
from sipsimple.session import IllegalStateError, Session
from sipsimple.storage import FileStorage
from sipsimple.streams import AudioStream
from sipsimple.threading.green import run_in_green_thread
from zope.interface import implementer


@implementer(IObserver)
class AudioClient(SIPApplication):
    def __init__(self):
        self.session = None
        self.ended = Event()
        self.alone = AccountManager().default_account if self.running else None

    def start(self, directory, target, speech):
        self.target, self.speech = target, speech
        notification_center = NotificationCenter()
        notification_center.add_observer(self, sender=self)
        notification_center.add_observer(self, sender=AccountManager())
        try:
            SIPApplication.start(self, FileStorage(directory))
        except ConfigurationError as error:
            sys.exit(str(error))

    def handle_notification(self, notification):
        handler = getattr(self, f"_NH_{notification.name}", Null)
        handler(notification)

    def _NH_SIPApplicationWillStart(self, notification):
        settings = SIPSimpleSettings()
        settings.audio.input_device = None
        settings.audio.output_device = None
        settings.audio.directory = self.storage.directory
        settings.save()
        account = Account("carol@example.com")
        account.sip.register = False
        account.enabled = True
        account.save()
        print(account.id.username, account.id.domain, AccountManager().default_account, self.alone)

    @run_in_green_thread
    def _NH_SIPApplicationDidStart(self, notification):
        uri = SIPURI.parse(self.target)
        try:
            routes = DNSLookup().lookup_sip_proxy(uri, ["udp"]).wait()
        except (DNSLookupError, SIPCoreError) as error:
            print(error)
            self.stop()
            return
        account = AccountManager().default_account
        print(account.contact[routes[0]].transport, account.contact["udp"].user == account.contact.username)
        self.session = Session(account)
        self.session._load = 0.5  # clients hang their own things on sessions
        NotificationCenter().add_observer(self, sender=self.session)
        self.session.connect(ToHeader(uri), routes, [AudioStream(account)])
        try:
            self.session.accept([])
        except IllegalStateError as error:
            print(str(error).partition(" in state ")[0])

    def _NH_SIPSessionDidStart(self, notification):
        stream = self.session.streams[0]
        self.conference = AudioConference()
        self.conference.add(stream)
        self.player = WavePlayer(stream.mixer, self.speech, loop_count=0, initial_play=False, pause_time=1)
        stream.bridge.add(self.player)
        self.player.start()
        print("started", notification.sender is self.session, self.session._load, self.session.proposed_streams)
        self.session.hold()

    def _NH_SIPSessionDidChangeHoldState(self, notification):
        print(notification.data.originator.decode(), notification.data.on_hold)
        if notification.data.on_hold:
            self.session.unhold()
        else:
            stream = self.session.streams[0]
            stream.start_recording()

    def handle_recording(self, notification):
        print(notification.name)
        if notification.name == "AudioStreamDidStartRecording":
            self.session.end()

    def _NH_SIPSessionWillEnd(self, notification):
        self.session.streams[0].bridge.remove(self.player)
        self.player.stop()

    def _NH_SIPSessionDidEnd(self, notification):
        self.conference.remove(self.session.streams[0])
        NotificationCenter().remove_observer(self, sender=notification.sender)
        print("ended", self.session.streams[0].type, self.session.proposed_streams, self.session.end_time > self.session.start_time)
        self.stop()

    def _NH_SIPSessionDidFail(self, notification):
        data = notification.data
        print("failed", data.code, data.reason, data.failure_reason)
        self.stop()

    def _NH_AudioDevicesDidChange(self, notification):
        SIPApplication._NH_AudioDevicesDidChange(self, notification)

    def _NH_DefaultAudioDeviceDidChange(self, notification):
        SIPApplication._NH_DefaultAudioDeviceDidChange(self, notification)

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()


@implementer(IObserver)
class Recordings:
    def handle_notification(self, notification):
        if "Recording" in notification.name:
            AudioClient().handle_recording(notification)


recordings = Recordings()
NotificationCenter().add_observer(recordings)
application = AudioClient()
application.start(*sys.argv[1:])
application.ended.wait()
