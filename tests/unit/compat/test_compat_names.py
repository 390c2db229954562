"""What scripts import: every name of the table leads to something, nothing else of the packages is found, and the manual says the same."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blinkq.compat.finder import Finder, install_names
from blinkq.compat.names import MODULES

MANUAL = Path(__file__).resolve().parents[3] / "docs" / "manual" / "compat.md"

# inventory §6.1 and §6.6: what scripts import from the modules that BlinkQ has
IMPORTED = {
    "application": "log",
    "application.notification": "IObserver NotificationCenter NotificationData",
    "application.python": "Null",
    "application.python.decorator": "decorator preserve_signature",
    "application.python.descriptor": "WriteOnceAttribute classproperty",
    "application.python.queue": "EventQueue",
    "application.python.types": "Singleton",
    "application.python.util": "Null Singleton",
    "application.system": "host makedirs openfile",
    "eventlib.twistedutil": "join_reactor",
    "msrplib.protocol": "MSRPData",
    "sipsimple": "__version__",
    "sipsimple.account": "Account AccountManager BonjourAccount BonjourMSRPSettings BonjourSIPSettings RTPSettings",
    "sipsimple.application": "SIPApplication",
    "sipsimple.audio": "AudioConference AudioBridge WavePlayer WavePlayerError WaveRecorder",
    "sipsimple.conference": "AudioConference",
    "sipsimple.configuration": "ConfigurationError ConfigurationManager DefaultValue Setting SettingsGroup SettingsGroupMeta "
    "SettingsObjectExtension",
    "sipsimple.configuration.backend.file": "FileBackend",
    "sipsimple.configuration.backend.memory": "MemoryBackend",
    "sipsimple.configuration.datatypes": "Hostname List MSRPTransport Path SIPTransport SampleRate STUNServerAddress VideoResolution",
    "sipsimple.configuration.settings": "AudioSettings FileTransferSettings LogsSettings SIPSimpleSettings",
    "sipsimple.core": "CORE_BUILD CORE_REVISION PJSIPError PJ_SVN_REVISION PJ_VERSION SIPCoreError SIPURI ContactHeader FromHeader Header "
    "RouteHeader ToHeader Route Engine Message Publication PublicationError Subscription",
    "sipsimple.lookup": "DNSLookup DNSLookupError DNSManager",
    "sipsimple.payloads": "BuilderError ParserError",
    "sipsimple.payloads.conference": "ConferenceDocument",
    "sipsimple.payloads.imdn": "DeliveryNotification DisplayNotification IMDNDocument",
    "sipsimple.payloads.iscomposing": "IsComposingDocument IsComposingMessage",
    "sipsimple.payloads.messagesummary": "MessageSummary",
    "sipsimple.payloads.pidf": "Contact DMNote Device DeviceInfo DeviceTimestamp PIDF PIDFDocument PIDFNote Person PersonTimestamp "
    "Service ServiceTimestamp Status",
    "sipsimple.payloads.presdm": "Contact DeviceNote DeviceTimestamp PIDF Person PersonNote PersonTimestamp Service ServiceTimestamp",
    "sipsimple.payloads.resourcelists": "Entry List ResourceLists ResourceListsDocument",
    "sipsimple.payloads.rpid": "Activities ActivityRegistry Mood MoodRegistry PlaceIs Privacy RPIDNote StatusIcon TimeOffset UserInput",
    "sipsimple.payloads.watcherinfo": "WatcherInfoDocument",
    "sipsimple.session": "IllegalStateError Session",
    "sipsimple.storage": "FileStorage",
    "sipsimple.streams": "AudioStream ChatStream FileSelector FileTransferStream MediaStreamRegistry",
    "sipsimple.streams.msrp.chat": "CPIMHeader CPIMNamespace CPIMParserError CPIMPayload ChatIdentity ChatStream SimplePayload",
    "sipsimple.streams.msrp.filetransfer": "FileSelector FileTransferStream",
    "sipsimple.threading": "ThreadManager run_in_twisted_thread",
    "sipsimple.threading.green": "run_in_green_thread",
    "twisted.internet": "reactor",
    "twisted.internet.error": "ReactorNotRunning",
    "twisted.internet.reactor": "callFromThread callLater run stop",
    "sipsimple.util": "ISOTimestamp Route TimestampedNotificationData classproperty makedirs run_in_green_thread run_in_twisted_thread",
}


@pytest.fixture(autouse=True)
def names() -> Iterator[Finder]:
    finder = install_names()
    try:
        yield finder
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] in finder.packages]:
            del sys.modules[name]


@pytest.mark.parametrize("module", MODULES)
def test_every_module_can_be_imported(module: str) -> None:
    found = importlib.import_module(module)
    assert sys.modules[module] is found
    for name in found.__all__:
        assert hasattr(found, name)


@pytest.mark.parametrize("module", IMPORTED)
def test_the_names_that_scripts_import(module: str) -> None:
    namespace: dict[str, object] = {}
    exec(f"from {module} import {', '.join(IMPORTED[module].split())}", namespace)
    assert namespace.keys() >= set(IMPORTED[module].split())


def test_objects_are_the_middlewares_own() -> None:
    from blinkq.sipsimple.session import Session

    assert importlib.import_module("sipsimple.session").Session is Session
    assert importlib.import_module("application.notification").NotificationCenter().__class__.__module__ == "blinkq.base.notification"


@pytest.mark.parametrize("module", ["sipsimple.xcap", "sipsimple.streams.rtp.video", "application.process", "sipsimple.session.manager"])
def test_what_is_missing_says_so(module: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=rf"BlinkQ has no {module}"):
        importlib.import_module(module)


def test_other_packages_are_left_alone(names: Finder) -> None:
    assert names.find_spec("json") is None
    assert Finder(["application"]).find_spec("sipsimple.core") is None, "the genuine package is installed"


def test_the_manual_lists_every_module() -> None:
    text = MANUAL.read_text()
    assert [module for module in MODULES if f"`{module}`" not in text and not module.startswith("sipsimple.payloads.")] == []
