"""Words that several windows share: explanations in the user's language, durations, the state of a call."""

from __future__ import annotations

from PyQt6.QtCore import QCoreApplication

from blinkq.app.call import Call, CallStage
from blinkq.sipsimple.explain import Explanation

__all__ = ["advice", "clock_text", "explanation_text", "happened", "stage_text"]


def explanation_text(explanation: Explanation) -> str:
    """An explanation in the user's language, in one line."""
    return explanation.text(_translate)


def happened(explanation: Explanation) -> str:
    """What happened, with the code in brackets."""
    detail = explanation.detail() if explanation.code else ""
    return f"{explanation.happened(_translate)} ({detail})" if detail else explanation.happened(_translate)


def advice(explanation: Explanation) -> str:
    """What to do."""
    return explanation.advice(_translate)


def clock_text(seconds: float) -> str:
    """A duration as "0:42", "12:05" or "1:02:03"."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def stage_text(call: Call) -> str:
    """The state of a call in a few words."""
    def tr(text: str) -> str:
        return QCoreApplication.translate("CallStage", text)

    if call.stage is CallStage.TALKING and call.joined:
        return tr("Held by the other side") if call.held_there else tr("In the conference")
    if call.stage is CallStage.TALKING:
        if call.held_here and call.held_there:
            return tr("On hold on both sides")
        if call.held_here:
            return tr("On hold")
        return tr("Held by the other side") if call.held_there else tr("In call")
    return {
        CallStage.LOOKING_UP: tr("Looking up the server…"),
        CallStage.CALLING: tr("Calling…"),
        CallStage.RINGING: tr("Ringing there…"),
        CallStage.INCOMING: tr("Incoming call"),
        CallStage.ANSWERING: tr("Answering…"),
        CallStage.ENDING: tr("Ending…"),
        CallStage.ENDED: tr("Call ended"),
        CallStage.FAILED: tr("Call failed"),
    }[call.stage]


def _translate(sentence: str) -> str:
    return QCoreApplication.translate("explain", sentence)
