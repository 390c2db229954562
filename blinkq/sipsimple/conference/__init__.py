"""What applications import from ``sipsimple.conference``: conferences that are mixed here."""

from __future__ import annotations

from blinkq.sipsimple.audio_conference import AudioConference
from blinkq.sipsimple.conference.focus import ConferenceFocus
from blinkq.sipsimple.conference.participant_request import ParticipantRequest

__all__ = ["AudioConference", "ConferenceFocus", "ParticipantRequest"]
