"""Failures in plain words: a SIP code or a cause becomes what happened and what to do. Shared by the windows and the terminal.

The sentences are templates with ``{peer}`` (the other party's address), ``{account}``, ``{code}`` and ``{reason}``; a translator may
be given the template before it is filled in. Nothing here looks at the network or the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Explanation", "explain_call", "explain_event", "explain_lookup", "explain_message", "explain_registration"]


def _as_it_is(sentence: str) -> str:
    return sentence


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened, what to do, and the SIP code with its reason phrase (code 0: no SIP answer came)."""

    what_happened: str
    what_to_do: str
    code: int = 0
    reason: str = ""
    peer: str = ""
    account: str = ""

    def happened(self, translate: Callable[[str], str] = _as_it_is) -> str:
        """The sentence that says what happened."""
        return self._fill(translate(self.what_happened))

    def advice(self, translate: Callable[[str], str] = _as_it_is) -> str:
        """The sentence that says what to do; may be empty."""
        return self._fill(translate(self.what_to_do))

    def detail(self) -> str:
        """The technical part: "486 Busy Here", or the local reason, or nothing."""
        return f"{self.code} {self.reason}".strip() if self.code else self.reason

    def text(self, translate: Callable[[str], str] = _as_it_is) -> str:
        """All of it in one line, the code in brackets."""
        detail = self.detail()
        sentences = " ".join(part for part in (self.happened(translate), self.advice(translate)) if part)
        return f"{sentences} ({detail})" if detail else sentences

    def _fill(self, sentence: str) -> str:
        # Values come from peers; replace(), unlike format(), gives them no meaning.
        values = {"{peer}": self.peer, "{account}": self.account, "{code}": str(self.code), "{reason}": self.reason}
        for name, value in values.items():
            sentence = sentence.replace(name, value)
        return sentence


def explain_call(
    code: int | None, reason: str | None, cause: str | None, peer: str, account: str = "", originator: str | None = None
) -> Explanation:
    """Why a call to or from ``peer`` failed, from the data of SIPSessionDidFail (``cause`` is its failure_reason)."""
    code, reason, cause = code or 0, reason or "", cause or ""
    # a sentence of our own engine is better than any table; what the peer wrote is not to be mistaken for one
    ours = originator == "local" or (originator is None and code in (0, *_LOCAL_CODES))
    if ours and (own := _own_sentence(cause) or _own_sentence(reason)):
        return Explanation(*own, peer=peer, account=account)
    # where the peer gave a code, that says more than the cause, which is "user request" for every refusal
    refused = code >= _REFUSED_CODES and code != _CANCELLED_CODE
    decisive = refused and originator != "local" and (originator == "remote" or code not in _LOCAL_CODES)
    known = None if decisive or (refused and cause in _USER_REQUEST) else _by_cause(cause, _CALL_CAUSES)
    happened, advice = known or _by_code(code, _CALL_CODES, _CALL_CLASSES)
    # with a code its phrase belongs to it; without one the cause is the only technical detail there is
    return Explanation(happened, advice, code, reason if code else (cause or reason), peer, account)


def explain_registration(code: int | None, reason: str | None, account: str) -> Explanation:
    """Why ``account`` could not register, from the data of SIPAccountRegistrationDidFail."""
    if not code and (own := _own_sentence(reason or "")):
        return Explanation(*own, account=account)
    known = None if code else _by_cause(reason or "", _REGISTRATION_CAUSES)
    happened, advice = known or _by_code(code or 0, _REGISTRATION_CODES, _REGISTRATION_CLASSES)
    return Explanation(happened, advice, code or 0, reason or "", account.rpartition("@")[2], account)


def explain_event(code: int | None, reason: str | None, account: str) -> Explanation:
    """Why ``account`` could not publish or subscribe: the data of PresencePublicationDidFail, MWISubscriptionDidFail and so on."""
    if not code and (own := _own_sentence(reason or "")):
        return Explanation(*own, account=account)
    known = None if code else _by_cause(reason or "", _REGISTRATION_CAUSES)
    happened, advice = known or _by_code(code or 0, _EVENT_CODES, _EVENT_CLASSES)
    return Explanation(happened, advice, code or 0, reason or "", account.rpartition("@")[2], account)


def explain_message(code: int, reason: str, peer: str) -> Explanation:
    """Why a message to ``peer`` was not taken, from the data of OutgoingMessageDidFail."""
    if code in _LOCAL_CODES and (own := _own_sentence(reason)):
        return Explanation(*own, peer=peer)
    happened, advice = _by_code(code, _MESSAGE_CODES, _MESSAGE_CLASSES)
    return Explanation(happened, advice, code, reason, peer)


def explain_lookup(error: str, peer: str) -> Explanation:
    """Why the server of ``peer`` could not be found, from the data of DNSLookupDidFail."""
    if own := _own_sentence(error):
        return Explanation(*own, peer=peer)
    happened, advice = _by_cause(error, _LOOKUP_CAUSES) or _LOOKUP_FAILED
    return Explanation(happened, advice, 0, error, peer)


def _own_sentence(text: str) -> tuple[str, str] | None:
    """What the engine already says in a sentence ("What happened: what to do."), in its two halves; None for anything else."""
    if not text.endswith(".") or text.count(" ") < _SENTENCE_WORDS:
        return None
    happened, colon, advice = text.partition(": ")
    return (f"{happened}.", f"{advice[:1].upper()}{advice[1:]}") if colon and " " in advice else (text, "")


def _by_cause(cause: str, table: tuple[tuple[str, tuple[str, str]], ...]) -> tuple[str, str] | None:
    lowered = cause.lower()
    return next((sentences for key, sentences in table if key in lowered), None)


def _by_code(code: int, table: dict[int, tuple[str, str]], classes: dict[int, tuple[str, str]]) -> tuple[str, str]:
    return table.get(code) or classes.get(code // 100) or classes[0]


#: fewer spaces than this make no sentence
_SENTENCE_WORDS = 3

#: codes that are also made locally, with the real cause in the reason
_LOCAL_CODES = frozenset({408, 480, 503})
#: the caller gave up, or the call was answered elsewhere: the cause says which
_CANCELLED_CODE = 487
_USER_REQUEST = ("user request", "user_request")
#: final answers that refuse begin here (RFC 3261 §7.2)
_REFUSED_CODES = 300

_NO_NETWORK = (
    "The network cannot be reached.",
    "Check that this computer is connected, then try again.",
)
_REFUSED = (
    "The computer at {peer} refused the connection.",
    "Check the address, the port and the transport (UDP, TCP or TLS).",
)
_CERT_EXPIRED = (
    "The certificate of the server for {peer} has expired, so the connection is not safe.",
    "Tell the operator of the server. If this computer's date is wrong, set it right.",
)
_CERT_NAME = (
    "The certificate of the server belongs to another name than {peer}.",
    "Check the address or the outbound proxy. If both are right, tell the operator of the server.",
)
_CERT_UNKNOWN = (
    "The certificate of the server for {peer} was issued by an authority that this computer does not know.",
    "If you know the authority, add its certificate in the TLS settings (tls.ca_list). Otherwise do not trust the server.",
)
_TLS = (
    "No secure connection to the server for {peer} could be made.",
    "Check the port and whether the server offers TLS, or choose another transport.",
)
_TRANSPORT_CAUSES: tuple[tuple[str, tuple[str, str]], ...] = (
    ("certificate has expired", _CERT_EXPIRED),
    ("expired", _CERT_EXPIRED),
    ("another name", _CERT_NAME),
    ("wrong name", _CERT_NAME),
    ("hostname", _CERT_NAME),
    ("not valid for", _CERT_NAME),
    ("unknown ca", _CERT_UNKNOWN),
    ("unknown authority", _CERT_UNKNOWN),
    ("self-signed", _CERT_UNKNOWN),
    ("self signed", _CERT_UNKNOWN),
    ("unable to get local issuer", _CERT_UNKNOWN),
    ("certificate", _CERT_UNKNOWN),
    ("tls", _TLS),
    ("ssl", _TLS),
    ("refused", _REFUSED),
    ("unreachable", _NO_NETWORK),
    ("no route to host", _NO_NETWORK),
    ("no network", _NO_NETWORK),
)

_LOOKUP_FAILED = (
    "No server was found for {peer}.",
    "Check the spelling of the part after the @, and the network connection.",
)
_LOOKUP_CAUSES = (
    ("does not exist", ("The domain of {peer} does not exist.", "Check the spelling of the part after the @.")),
    ("nxdomain", ("The domain of {peer} does not exist.", "Check the spelling of the part after the @.")),
    ("timeout", ("The name servers did not answer.", "Check the network connection, then try again.")),
    ("timed out", ("The name servers did not answer.", "Check the network connection, then try again.")),
    ("nameserver", ("The name servers did not answer.", "Check the network connection, then try again.")),
    ("transport", (
        "The server of {peer} offers none of the transports that are switched on.",
        "Check the transports in the settings (sip.transport_list).",
    )),
)  # fmt: skip

_SOUND_STOPPED = (
    "The sound from {peer} stopped arriving, so the call was ended.",
    "Check the network connection, then call again.",
)
_CALL_CAUSES = (
    ("user request", ("The call was cancelled.", "")),
    ("user_request", ("The call was cancelled.", "")),
    ("missing ack", ("{peer} stopped responding while the call was being set up.", "Call again.")),
    ("dns lookup", _LOOKUP_FAILED),
    ("sdp negotiation", (
        "{peer} and this computer share no codec or encryption.",
        "Switch on more codecs, or change the encryption setting of the account.",
    )),
    ("no common codec", (
        "{peer} and this computer share no codec.", "Switch on more codecs in the settings (rtp.audio_codec_list).",
    )),
    ("rtp timeout", _SOUND_STOPPED),
    ("timed out", _SOUND_STOPPED),
    ("no media", _SOUND_STOPPED),
    ("media", ("The sound of the call could not be set up.", "Check the sound devices in the Devices menu, then call again.")),
    ("ended elsewhere", ("The call was answered on another device.", "")),
    ("answered elsewhere", ("The call was answered on another device.", "")),
    ("completed elsewhere", ("The call was answered on another device.", "")),
    *_TRANSPORT_CAUSES,
)  # fmt: skip

_CALL_CODES = {
    400: ("The server did not understand the call request.", "Tell the operator of the server; the details are in the SIP trace."),
    401: ("The server did not accept the password of {account}.", "Correct the password in the account's settings."),
    403: ("The server does not allow this call.", "Check that the account may call {peer}, or ask its operator."),
    404: ("{peer} does not exist.", "Check the address and call again."),
    405: ("{peer} does not take calls.", "Check that the address belongs to a person or a telephone."),
    407: ("The server did not accept the password of {account}.", "Correct the password in the account's settings."),
    408: ("{peer} did not answer.", "Nobody answered, or the server cannot be reached. Try again later."),
    410: ("{peer} does not exist any more.", "Ask for the new address."),
    413: ("The call request was too large for the server.", "Reduce the number of codecs, then call again."),
    415: ("{peer} does not understand this kind of call.", "The other program may take messages only."),
    416: ("The server does not know this kind of address.", "Use an address that begins with sip: or sips:."),
    420: ("{peer} lacks an extension that this call needs.", "Try another of their addresses."),
    423: ("The server wants a longer session.", "Call again."),
    480: ("{peer} is not available at the moment.", "They are not signed in, or do not answer. Try again later."),
    481: ("The other side has already forgotten this call.", "Call again."),
    482: ("The servers passed the call round in a circle.", "Check the address; if it is right, tell the operator of the server."),
    483: ("The call passed too many servers without reaching {peer}.", "Check the address; if it is right, tell the operator."),
    484: ("The number {peer} is incomplete.", "Complete it and call again."),
    485: ("The address {peer} stands for more than one person.", "Use a more precise address."),
    486: ("{peer} is busy.", "Try again later."),
    487: ("The call was cancelled.", ""),
    488: ("{peer} cannot take a call of this kind: no common codec or encryption.",
          "Switch on more codecs, or change the encryption setting of the account."),
    491: ("Both sides changed the call at the same moment.", "Try again."),
    500: ("The server had an internal error.", "Try again; if it stays so, tell the operator of the server."),
    501: ("The server does not know how to place calls.", "Check the outbound proxy of the account."),
    502: ("The way to {peer} is broken: a gateway failed.", "Try again later."),
    503: ("The server cannot take calls at the moment.", "Try again later; if it stays so, check the outbound proxy of the account."),
    504: ("A server on the way to {peer} did not answer.", "Try again later."),
    505: ("The server speaks another version of SIP.", "Check the outbound proxy of the account."),
    580: ("The conditions of the call cannot be met.", "Change the encryption setting of the account."),
    600: ("{peer} is busy on every device.", "Try again later."),
    603: ("{peer} declined the call.", ""),
    604: ("{peer} does not exist anywhere.", "Check the address and call again."),
    606: ("{peer} cannot take a call of this kind.", "Change the codecs or the encryption setting of the account."),
    607: ("{peer} does not want this call.", ""),
}  # fmt: skip

_CALL_CLASSES = {
    0: ("The call to {peer} failed.", "Call again; if it stays so, look at the SIP trace."),
    3: ("{peer} can be reached at another address.", "Call the new address."),
    4: ("The server refused the call to {peer}.", "Check the address and the account."),
    5: ("A server on the way to {peer} failed.", "Try again later."),
    6: ("{peer} refused the call.", ""),
}

_REGISTRATION_CAUSES = (
    *_LOOKUP_CAUSES[:5],
    ("dns", _LOOKUP_FAILED),
    ("lookup", _LOOKUP_FAILED),
    ("timed out", ("The server of {account} does not answer.", "Check the domain, the outbound proxy, its port and transport.")),
    *_TRANSPORT_CAUSES,
)

_REGISTRATION_CODES = {
    401: ("The server did not accept the password of {account}.", "Check the user name and the password."),
    403: ("The server refuses to register {account}.", "Check the user name and the password, or ask the operator of the server."),
    404: ("The server does not know {account}.", "Check the spelling of the SIP address."),
    407: ("The server did not accept the password of {account}.", "Check the user name and the password."),
    408: ("The server of {account} does not answer.", "Check the domain, the outbound proxy, its port and transport."),
    423: ("The server wants registrations to last longer.", "Increase the registration interval of the account."),
    480: ("The server of {account} is not available.", "Try again later."),
    503: ("The server of {account} cannot be reached, or takes no registrations at the moment.",
          "Check the outbound proxy and the network; BlinkQ tries again by itself."),
    504: ("The server of {account} did not answer in time.", "BlinkQ tries again by itself."),
}  # fmt: skip

_REGISTRATION_CLASSES = {
    0: ("{account} could not be registered.", "Check the address, the outbound proxy and the network; BlinkQ tries again by itself."),
    3: ("The server of {account} sends registrations elsewhere.", "Ask its operator for the right domain or outbound proxy."),
    4: ("The server refused to register {account}.", "Check the account, or ask the operator of the server."),
    5: ("The server of {account} failed.", "BlinkQ tries again by itself."),
    6: ("The server refused to register {account}.", "Check the account, or ask the operator of the server."),
}

_NO_SUCH_EVENT = (
    "The server of {account} does not offer this.",
    "Switch it off in the account's settings, or ask the operator of the server.",
)
_EVENT_CODES = {
    401: _REGISTRATION_CODES[401],
    403: ("The server does not allow {account} to do this.", "Ask the operator of the server."),
    404: ("The server does not know the address.", "Check its spelling."),
    405: _NO_SUCH_EVENT,
    407: _REGISTRATION_CODES[407],
    408: _REGISTRATION_CODES[408],
    423: ("The server wants this to last longer.", "Increase the interval in the account's settings."),
    480: ("Nothing is known at the moment.", "BlinkQ asks again by itself."),
    489: _NO_SUCH_EVENT,
    501: _NO_SUCH_EVENT,
    503: ("The server of {account} cannot be reached, or is too busy.", "BlinkQ tries again by itself."),
}  # fmt: skip

_EVENT_CLASSES = {
    0: ("The server of {account} could not be asked.", "Check the outbound proxy and the network; BlinkQ tries again by itself."),
    3: ("The server of {account} sends this elsewhere.", "Ask its operator for the right domain or outbound proxy."),
    4: ("The server refused it.", "Ask the operator of the server."),
    5: ("The server of {account} failed.", "BlinkQ tries again by itself."),
    6: ("The server refused it.", "Ask the operator of the server."),
}

_MESSAGE_CODES: dict[int, tuple[str, str]] = {
    401: ("The server did not accept the password.", "Check the account's user name and password."),
    403: ("The message to {peer} is not allowed.", "Ask the provider whether messages are included."),
    404: ("{peer} does not exist.", "Check the address and send it again."),
    405: ("{peer} takes no messages.", "Call instead."),
    407: ("The server did not accept the password.", "Check the account's user name and password."),
    408: ("Nobody answered: the message has perhaps not reached {peer}.", "Check the network, then send it again."),
    413: ("The message is too long for {peer}.", "Send less at a time."),
    415: ("The program of {peer} cannot read this kind of message.", "Send plain text, or call instead."),
    480: ("{peer} is not available, and nobody keeps the message.", "Send it again later."),
    486: ("{peer} does not want to be disturbed.", "Send it again later."),
    513: ("The message is too long for {peer}.", "Send less at a time."),
    603: ("{peer} declined the message.", ""),
}
_MESSAGE_CLASSES: dict[int, tuple[str, str]] = {
    0: ("The message could not be sent to {peer}.", "Check the address and the network, then try again."),
    3: ("{peer} can be reached at another address.", "Send it to the new address."),
    4: ("The server refused the message to {peer}.", "Check the address and the account."),
    5: ("A server on the way to {peer} failed.", "Try again later."),
    6: ("{peer} refused the message.", ""),
}
