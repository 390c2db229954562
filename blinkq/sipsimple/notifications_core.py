"""The catalogue's part about the thin objects of ``sipsimple.core``; see ``notifications.py``."""

from __future__ import annotations

from blinkq.base.catalogue import declare

_ANSWER = ("code", "reason", "headers", "body")
_REQUEST = ("method", "request_uri", "headers", "body")
_NOTIFY = ("request_uri", "from_header", "to_header", "headers", "body", "content_type", "event")

declare(
    "SIPEngineGotMessage", "Engine", "A MESSAGE outside calls came from a peer that may send it.",
    required=("request_uri", "from_header", "to_header", "headers", "body", "content_type"),
)  # fmt: skip

declare("RTPTransportDidInitialize", "RTPTransport", "The ports are open and, with ICE, the candidates gathered.")
declare("RTPTransportDidFail", "RTPTransport", "The ports cannot be opened.", required=("reason",))
declare("RTPAudioStreamGotDTMF", "AudioTransport", "The peer pressed a key.", required=("digit",))
declare("RTPAudioTransportDidTimeout", "AudioTransport", "Nothing came from the peer for the timeout of start().")

declare("SIPRequestGotProvisionalResponse", "Request", "A provisional answer came.", required=_ANSWER)
declare(
    "SIPRequestDidSucceed", "Request", "It was answered with a 2xx; expires: seconds it lasts, 0 if it does not.",
    required=(*_ANSWER, "expires"),
)  # fmt: skip
declare(
    "SIPRequestDidFail", "Request", "It was refused; or, without headers and body, not answered (408) or not sent (503).",
    required=("code", "reason"), optional=("headers", "body"),
)  # fmt: skip
declare("SIPRequestWillExpire", "Request", "What it asked for will soon be over.", required=("expires",))
declare("SIPRequestDidEnd", "Request", "It is over; nothing follows.")

declare("SIPMessageDidSucceed", "Message", "It was answered with a 2xx; 202: it is only on its way.", required=_ANSWER)
declare(
    "SIPMessageDidFail", "Message", "It was refused; or, without headers and body, not answered (408) or not sent (503).",
    required=("code", "reason"), optional=("headers", "body"),
)  # fmt: skip

declare(
    "SIPRegistrationDidSucceed", "Registration", "Registered for expires_in seconds.",
    required=("code", "reason", "contact_header", "contact_header_list", "expires_in", "route_header"),
)  # fmt: skip
declare(
    "SIPRegistrationDidFail", "Registration", "Not registered.", required=("code", "reason", "route_header"), optional=("min_expires",)
)
declare("SIPRegistrationWillExpire", "Registration", "The binding will be over in expires seconds: register again.", required=("expires",))
declare("SIPRegistrationWillEnd", "Registration", "The binding is taken back.")
declare("SIPRegistrationDidEnd", "Registration", "There is no binding any more.", required=("expired",))
declare("SIPRegistrationDidNotEnd", "Registration", "The server did not take the binding back.", required=("code", "reason"))

declare(
    "SIPPublicationDidSucceed", "Publication", "The state is published for expires_in seconds.",
    required=("code", "reason", "expires_in", "route_header"),
)  # fmt: skip
declare(
    "SIPPublicationDidFail", "Publication", "Not published; 412: the server has forgotten it, publish the full state.",
    required=("code", "reason", "route_header"),
)  # fmt: skip
declare("SIPPublicationWillExpire", "Publication", "It will be over in expires seconds: publish again.", required=("expires",))
declare("SIPPublicationWillEnd", "Publication", "The state is taken back.")
declare("SIPPublicationDidEnd", "Publication", "Nothing is published any more.", required=("expired",))
declare("SIPPublicationDidNotEnd", "Publication", "The server did not take the state back.", required=("code", "reason"))

for _sender, _more in (("Subscription", ("min_expires",)), ("Referral", ())):
    declare(f"SIP{_sender}WillStart", _sender, "The first request is sent.")
    declare(f"SIP{_sender}DidStart", _sender, "It was accepted.")
    declare(f"SIP{_sender}ChangedState", _sender, "It is in another state.", required=("prev_state", "state"))
    declare(f"SIP{_sender}GotNotify", _sender, "The other side tells something; body is None when it is empty.", required=_NOTIFY)
    declare(f"SIP{_sender}WillEnd", _sender, "It is taken back.")
    declare(f"SIP{_sender}DidEnd", _sender, "It is over in good order; nothing follows.")
    declare(f"SIP{_sender}DidFail", _sender, "It is over: something went wrong; nothing follows.", required=("code", "reason", *_more))

declare("SIPIncomingRequestGotRequest", "IncomingRequest", "A peer sent it: answer it.", required=_REQUEST)
declare("SIPIncomingRequestSentResponse", "IncomingRequest", "It was answered.", required=_ANSWER)

declare("SIPIncomingSubscriptionGotSubscribe", "IncomingSubscription", "A peer wants to subscribe: accept or reject it.", required=_REQUEST)
declare("SIPIncomingSubscriptionAnsweredSubscribe", "IncomingSubscription", "It was answered.", required=("code", "reason"))
declare("SIPIncomingSubscriptionDidTimeout", "IncomingSubscription", "The peer did not refresh it; SIPIncomingSubscriptionDidEnd follows.")
declare("SIPIncomingReferralGotRefer", "IncomingReferral", "A peer refers us: accept or reject it.", required=(*_REQUEST, "refer_to"))
declare("SIPIncomingReferralAnsweredRefer", "IncomingReferral", "It was answered.", required=("code", "reason"))
for _sender in ("IncomingSubscription", "IncomingReferral"):
    declare(f"SIP{_sender}ChangedState", _sender, "It is in another state.", required=("prev_state", "state"))
    declare(f"SIP{_sender}SentNotify", _sender, "A NOTIFY is sent.")
    declare(f"SIP{_sender}NotifyDidSucceed", _sender, "A NOTIFY was taken.", required=_ANSWER)
    declare(
        f"SIP{_sender}NotifyDidFail", _sender, "A NOTIFY was refused or not answered.", required=("code", "reason"),
        optional=("headers", "body"),
    )  # fmt: skip
    declare(f"SIP{_sender}GotRefreshingSubscribe", _sender, "The peer refreshed it.", required=_REQUEST)
    declare(f"SIP{_sender}GotUnsubscribe", _sender, "The peer wants nothing any more; DidEnd follows.", required=_REQUEST)
    declare(f"SIP{_sender}DidEnd", _sender, "It is over; nothing follows.")

declare(
    "SIPInvitationChangedState", "Invitation",
    "The call is in another state, or (early) there again, or in another sub_state. Of a request method and request_uri are told, of an "
    "answer code and reason; at the end disconnect_reason: 'user request', 'timeout', 'missing ACK' or what the other side says.",
    required=("prev_state", "state", "originator", "headers", "body"),
    optional=("sub_state", "prev_sub_state", "method", "request_uri", "code", "reason", "disconnect_reason"),
)  # fmt: skip
declare(
    "SIPInvitationGotSDPUpdate", "Invitation", "An offer was answered: the two descriptions, or the error for which they do not fit.",
    required=("succeeded",), optional=("local_sdp", "remote_sdp", "error"),
)  # fmt: skip
declare(
    "SIPInvitationGotMessage", "Invitation", "A MESSAGE came in the call.", required=(*_REQUEST, "from_header", "to_header")
)
declare("SIPInvitationTransferNewIncoming", "Invitation", "The other side asks us to call refer_to.", required=(*_REQUEST, "refer_to"))
declare("SIPInvitationTransferNewOutgoing", "Invitation", "We ask the other side to call somebody.", required=("transfer_destination",))
declare("SIPInvitationTransferDidStart", "Invitation", "The other side will try.")
declare("SIPInvitationTransferChangedState", "Invitation", "The transfer is in another state.", required=("prev_state", "state"))
declare(
    "SIPInvitationTransferGotNotify", "Invitation", "The other side tells how it goes; body is its status line.",
    required=("event", "content_type", "body"),
)  # fmt: skip
declare("SIPInvitationTransferDidEnd", "Invitation", "The transfer succeeded.")
declare("SIPInvitationTransferDidFail", "Invitation", "The transfer failed; code 0: nobody knows.", required=("code", "reason"))
