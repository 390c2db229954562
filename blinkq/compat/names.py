"""Which module of ours stands behind each name that scripts import. What is missing here cannot be imported, and the error says so."""

from __future__ import annotations

__all__ = ["MODULES", "NAMES_FROM"]

_OURS = "blinkq.sipsimple"
_HERE = "blinkq.compat"

#: public module: the modules whose public names it has, the last one winning
MODULES: dict[str, tuple[str, ...]] = {
    "application": (),
    "application.log": (f"{_HERE}.log",),
    "application.notification": ("blinkq.base.notification",),
    "application.python": (f"{_HERE}.null",),
    "application.python.decorator": (f"{_HERE}.decorators",),
    "application.python.descriptor": (f"{_HERE}.descriptors",),
    "application.python.queue": (f"{_HERE}.queues",),
    "application.python.types": (f"{_HERE}.types",),
    "application.python.util": (f"{_HERE}.python_util",),
    "application.system": (f"{_HERE}.system",),
    "eventlet": (),
    "eventlet.twistedutil": (f"{_HERE}.twistedutil",),
    "eventlib": (),
    "eventlib.twistedutil": (f"{_HERE}.twistedutil",),
    "msrplib": (),
    "msrplib.protocol": ("blinkq.msrp.protocol",),
    "sipsimple": (f"{_HERE}.root",),
    "sipsimple.account": (f"{_OURS}.account", f"{_HERE}.account"),
    "sipsimple.addressbook": (f"{_OURS}.addressbook",),
    "sipsimple.application": (f"{_OURS}.application",),
    "sipsimple.audio": (f"{_OURS}.audio", f"{_HERE}.audio"),
    "sipsimple.conference": (f"{_OURS}.audio_conference",),
    "sipsimple.configuration": (f"{_OURS}.configuration",),
    "sipsimple.configuration.backend": (f"{_OURS}.configuration.backend",),
    "sipsimple.configuration.backend.file": (f"{_OURS}.configuration.backend.file",),
    "sipsimple.configuration.backend.memory": (f"{_OURS}.configuration.backend.memory",),
    "sipsimple.configuration.datatypes": (f"{_OURS}.configuration.datatypes",),
    "sipsimple.configuration.settings": (f"{_OURS}.configuration.settings",),
    "sipsimple.core": (f"{_OURS}.core", f"{_HERE}.core"),
    "sipsimple.lookup": (f"{_OURS}.lookup", f"{_HERE}.lookup"),
    "sipsimple.session": (f"{_OURS}.session",),
    "sipsimple.storage": (f"{_OURS}.storage",),
    "sipsimple.streams": (f"{_OURS}.streams",),
    "sipsimple.streams.msrp": (f"{_OURS}.streams.msrp",),
    "sipsimple.streams.msrp.chat": (f"{_OURS}.streams.msrp.chat", "blinkq.payloads.cpim"),
    "sipsimple.streams.msrp.filetransfer": (f"{_OURS}.streams.msrp.file_transfer", f"{_OURS}.streams.msrp.file_selector"),
    "sipsimple.streams.rtp": (f"{_OURS}.streams.rtp",),
    "sipsimple.streams.rtp.audio": (f"{_OURS}.streams.rtp",),
    "sipsimple.threading": (f"{_HERE}.threads",),
    "sipsimple.threading.green": (f"{_HERE}.green",),
    "sipsimple.util": (f"{_HERE}.util",),
    "twisted": (),
    "twisted.internet": (),
    "twisted.internet.error": (f"{_HERE}.reactor_errors",),
    "twisted.internet.reactor": (f"{_HERE}.reactor",),
}

_PAYLOADS = (
    "cipid", "conference", "dialoginfo", "imdn", "iscomposing", "messagesummary", "pidf", "resourcelists", "rlmi", "rlsnotify", "rpid",
    "watcherinfo", "xcapdiff",
)  # fmt: skip

MODULES["sipsimple.payloads"] = ("blinkq.payloads",)
MODULES["sipsimple.payloads.presdm"] = (f"{_HERE}.presdm",)
MODULES |= {f"sipsimple.payloads.{name}": (f"blinkq.payloads.{name}",) for name in _PAYLOADS}

#: the packages whose names lead here; one that is really installed is left alone
NAMES_FROM = ("sipsimple", "application", "eventlet", "eventlib", "msrplib", "twisted")
