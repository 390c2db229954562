"""From the settings of older versions to those of this one.

A settings file carries a version number, ``configuration_version``. One without it was written before there were numbers, or by an
application of the SIP SIMPLE client SDK, whose names differ. Each step changes the tree from its number to the next one; whoever renames a
setting, or makes it mean something else, adds a step to STEPS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from blinkq.sipsimple.configuration.backend import Tree, Value
from blinkq.sipsimple.configuration.datatypes import AudioCodecList

__all__ = ["VERSION", "VERSION_NAME", "Migration", "migrate"]

#: the name in the file; it is no group, so no settings object can be called so
VERSION_NAME = "configuration_version"


@dataclass(slots=True)
class Migration:
    """What was done: the version found, whether the tree was changed, and passwords that must move to the password store."""

    found: int
    changed: bool = False
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def is_newer(self) -> bool:
        """Whether a newer version wrote the settings."""
        return self.found > VERSION


def migrate(tree: Tree) -> Migration:
    """Bring ``tree`` to this version, in place. Settings of a newer version stay as they are."""
    stored = tree.pop(VERSION_NAME, None)
    migration = Migration(int(stored) if isinstance(stored, str) and stored.isascii() and stored.isdigit() else 0)
    for step in STEPS[migration.found :]:
        step(tree, migration)
    return migration


def _from_sdk(tree: Tree, migration: Migration) -> None:
    """Names of the SDK to ours; passwords out of the file."""
    general = _group(tree, "SIPSimpleSettings")
    _known_codecs(_group(general, "rtp"), migration)
    accounts = _group(tree, "Accounts")
    for name in accounts:
        account = _group(accounts, name)
        sip, rtp, auth = _group(account, "sip"), _group(account, "rtp"), _group(account, "auth")
        _move(sip, "register", account, "registration", "enabled", migration)
        _move(sip, "register_interval", account, "registration", "interval", migration)
        _known_codecs(rtp, migration)
        encryption = _group(rtp, "encryption")
        if encryption and "srtp_encryption" not in rtp:
            rtp["srtp_encryption"] = _encryption(encryption)
            del rtp["encryption"]
            migration.changed = True
        for group in (auth, account):  # the former is the newer one, and is put last
            password = group.get("password")
            if isinstance(password, str) and password:
                migration.passwords.setdefault(name, password)


def _encryption(encryption: Tree) -> str:
    if str(encryption.get("enabled", "true")).lower() in ("false", "no", "off", "0"):
        return "disabled"
    return "mandatory" if encryption.get("key_negotiation") == "sdes_mandatory" else "optional"


def _known_codecs(rtp: Tree, migration: Migration) -> None:
    """Keep the codecs that we have: one that we have not must not cost the others."""
    codecs = rtp.get("audio_codec_list")
    if isinstance(codecs, list):
        available = {codec.lower() for codec in AudioCodecList.available_values}
        known: list[str] = [codec for codec in codecs if codec.lower() in available]
        if known != codecs:
            migration.changed = True
            if known:
                rtp["audio_codec_list"] = list(known)
            else:
                del rtp["audio_codec_list"]


def _move(source: Tree, name: str, account: Tree, group: str, new_name: str, migration: Migration) -> None:
    if name in source:
        value = source.pop(name)
        target = account.setdefault(group, {})
        if isinstance(target, dict):
            target.setdefault(new_name, value)
        migration.changed = True


def _group(tree: Tree, name: str) -> Tree:
    """The group as it is in ``tree``; an empty one that belongs nowhere when there is none."""
    value: Value = tree.get(name)
    return value if isinstance(value, dict) else {}


STEPS: tuple[Callable[[Tree, Migration], None], ...] = (_from_sdk,)

#: what this version writes
VERSION = len(STEPS)
