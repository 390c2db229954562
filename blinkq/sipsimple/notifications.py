"""The catalogue of the middleware's notifications: every one that can be posted is declared here, with its data.

Names and fields are those of the specification. ``timestamp``, a datetime with time zone, is part of every notification's data and is
not repeated. The manual's page of notifications is generated from this file.
"""

from __future__ import annotations

from blinkq.base.catalogue import declare
from blinkq.sipsimple import notifications_core, notifications_messaging, notifications_streams  # noqa: F401 - it has several files

# configuration ---------------------------------------------------------------------------------------------------------------

declare("CFGSettingsObjectWasCreated", "SettingsObject", "The object was saved for the first time.")
declare("CFGSettingsObjectWasActivated", "SettingsObject", "The object was loaded from the configuration, or saved for the first time.")
declare(
    "CFGSettingsObjectDidChange", "SettingsObject",
    "Settings were changed and saved: modified maps a dotted path to ModifiedValue(old, new); a password's values are hidden.",
    required=("modified",),
)  # fmt: skip
declare("CFGSettingsObjectWasDeleted", "SettingsObject", "The object was removed from the configuration.")
declare(
    "CFGManagerLoadFailed", "ConfigurationManager",
    "A stored setting is unusable and its default was taken (attribute, container); or, with attribute and container None, the file is "
    "damaged: it was kept aside as kept_as, and what can be read of it is used.",
    required=("attribute", "container", "error"), optional=("kept_as",),
)  # fmt: skip
declare(
    "CFGManagerSaveFailed", "ConfigurationManager", "Changes are in force but could not be stored.",
    required=("object", "operation", "modified", "exception"),
)  # fmt: skip

# application -----------------------------------------------------------------------------------------------------------------

declare("SIPApplicationWillStart", "SIPApplication", "The configuration is loaded and the engine thread runs, nothing else.")
declare("SIPApplicationDidStart", "SIPApplication", "All components are initialised; accounts have begun to register.")
declare("SIPApplicationWillEnd", "SIPApplication", "stop() was called.")
declare(
    "SIPApplicationDidEnd", "SIPApplication",
    "All components are stopped; posted exactly once. end_reason is 'application request' or what made the engine fail.",
    required=("end_reason",),
)  # fmt: skip
declare("SIPApplicationFailedToStartTLS", "SIPApplication", "TLS could not be started, the engine goes on without it.", required=("error",))
declare(
    "SIPApplicationGotFatalError", "SIPApplication", "The engine failed; the application stops.",
    required=("type", "value", "traceback"),
)  # fmt: skip
declare(
    "TLSTransportHasChanged", "SIPApplication",
    "Transports were opened anew with other TLS settings; port None: nobody can reach us over TLS.",
    required=("port", "verify_server", "certificate", "ca_file"),
)  # fmt: skip
declare(
    "NetworkConditionsDidChange", "SIPApplication",
    "This computer has another address now: changed is a list with 'ip', and 'dns' when the system's name servers are others as well.",
    required=("changed",),
)  # fmt: skip
declare(
    "AudioDevicesDidChange", "SIPApplication", "Sound devices came or went; both are lists of names.",
    required=("old_devices", "new_devices"),
)  # fmt: skip
declare(
    "DefaultAudioDeviceDidChange", "SIPApplication", "The system's default sound device changed.",
    required=("changed_input", "changed_output"),
)  # fmt: skip
declare(
    "AudioDeviceDidFail", "SIPApplication",
    "A sound device could not be opened or stopped working; another (or silence) took its place. error is a sentence for people.",
    required=("mixer", "error"),
)  # fmt: skip
declare("MediaProcessDidDie", "SIPApplication", "The media process ended unexpectedly; it is started again at once.", required=("error",))
declare(
    "MediaProcessDidRevive", "SIPApplication",
    "The media process runs again, every stream has been resumed. downtime in seconds; rollovers: (stream, count) of encrypted streams "
    "that need new keys; failures: sentences about what could not be restored.",
    required=("downtime", "rollovers", "failures"),
)  # fmt: skip
declare("MediaProcessDidFail", "SIPApplication", "The media process keeps dying and was given up: there is no sound.", required=("error",))

# engine ----------------------------------------------------------------------------------------------------------------------

declare("SIPEngineWillStart", "Engine", "An engine without SIPApplication is being started.")
declare("SIPEngineWillEnd", "Engine", "An engine without SIPApplication is being ended.")
declare("SIPEngineDidEnd", "Engine", "An engine without SIPApplication is ended.")
declare("SIPEngineDidStart", "Engine", "Transports listen; ports maps a transport to its port.", required=("ports",))
declare("SIPEngineDidFail", "Engine", "The engine could not be started or reconfigured.", required=("error",))
declare(
    "SIPEngineSIPTrace", "Engine", "One SIP message on the wire (logs.trace_sip); credentials and keys are hidden.",
    required=("received", "source_ip", "source_port", "destination_ip", "destination_port", "data", "transport"),
)  # fmt: skip

# name lookup -----------------------------------------------------------------------------------------------------------------

declare("DNSLookupDidSucceed", "DNSLookup", "The lookup found a result.", required=("result",))
declare("DNSLookupDidFail", "DNSLookup", "The lookup found nothing.", required=("error",), optional=("originator",))
declare(
    "DNSLookupTrace", "DNSLookup", "One DNS query of a lookup.",
    required=("query_type", "query_name", "answer", "error", "context", "uri"), optional=("service", "nameservers"),
)  # fmt: skip

# address book ----------------------------------------------------------------------------------------------------------------

for _kind, _noun in (("Contact", "contact"), ("Group", "group")):
    declare(f"Addressbook{_kind}WasActivated", _kind, f"The {_noun} was loaded, or saved for the first time.")
    declare(f"Addressbook{_kind}WasCreated", _kind, f"The {_noun} was saved for the first time.")
    declare(
        f"Addressbook{_kind}DidChange", _kind, f"Settings of the {_noun} were saved; modified as in CFGSettingsObjectDidChange.",
        required=("modified",),
    )  # fmt: skip
    declare(f"Addressbook{_kind}WasDeleted", _kind, f"The {_noun} was removed.")
    declare(f"AddressbookManagerDidAdd{_kind}", "AddressbookManager", f"There is one more {_noun}.", required=(_noun,))
    declare(f"AddressbookManagerDidRemove{_kind}", "AddressbookManager", f"A {_noun} was removed.", required=(_noun,))

# accounts --------------------------------------------------------------------------------------------------------------------

declare("SIPAccountManagerDidAddAccount", "AccountManager", "An account was loaded or created.", required=("account",))
declare("SIPAccountManagerDidRemoveAccount", "AccountManager", "An account was deleted.", required=("account",))
declare(
    "SIPAccountManagerDidChangeDefaultAccount", "AccountManager", "Another account, or None, is the default one.",
    required=("old_account", "account"),
)  # fmt: skip
declare("SIPAccountManagerWillStart", "AccountManager", "The accounts will be started.", required=("accounts",))
declare("SIPAccountManagerDidStart", "AccountManager", "The enabled accounts are active.")
declare("SIPAccountManagerWillEnd", "AccountManager", "The accounts will be deactivated.")
declare("SIPAccountManagerDidEnd", "AccountManager", "All accounts are deactivated.")
declare("SIPAccountDidActivate", "Account, BonjourAccount", "The account is enabled and the engine runs.")
declare("SIPAccountDidDeactivate", "Account, BonjourAccount", "The account was disabled, or the engine stops.")
declare("SIPAccountWillRegister", "Account", "A new registration begins.")
declare("SIPAccountRegistrationWillRefresh", "Account", "An existing registration is about to be refreshed.")
declare(
    "SIPAccountRegistrationGotAnswer", "Account", "A REGISTER was answered (408 or 503 without an answer); registrar is the Route.",
    required=("code", "reason", "registration", "registrar"),
)  # fmt: skip
declare(
    "SIPAccountRegistrationDidSucceed", "Account", "Registered, or refreshed.",
    required=(
        "code", "reason", "contact_uri", "contact_uri_list", "contact_header", "contact_header_list", "expires", "registration",
        "registrar",
    ),
)  # fmt: skip
declare(
    "SIPAccountRegistrationDidFail", "Account",
    "Not registered. code only if an answer came; reason and error say why; delay: seconds until the next attempt, which goes to "
    "next_route, or starts with a new DNS lookup when that is None. registration is None when no REGISTER could be sent.",
    required=("reason", "error", "registration", "next_route", "delay"), optional=("code",),
)  # fmt: skip
declare(
    "SIPAccountRegistrationDidEnd", "Account", "Unregistered; code and reason only if the server answered.",
    required=("registration",), optional=("code", "reason"),
)  # fmt: skip

# the local network -----------------------------------------------------------------------------------------------------------

declare("BonjourAccountWillStart", "BonjourAccount", "The account is active and about to look at the local network.")
declare("BonjourAccountWillStop", "BonjourAccount", "The account is about to leave the local network.")
declare("BonjourAccountWillRegister", "BonjourAccount", "A transport is about to be announced.", required=("transport",))
declare(
    "BonjourAccountRegistrationDidSucceed", "BonjourAccount", "A transport is announced under this name; others see us.",
    required=("name", "transport"),
)  # fmt: skip
declare(
    "BonjourAccountRegistrationDidFail", "BonjourAccount", "A transport could not be announced; it is tried again. reason is a sentence.",
    required=("reason", "transport"),
)  # fmt: skip
declare(
    "BonjourAccountRegistrationUpdateDidFail", "BonjourAccount", "Name or presence could not be announced anew. reason is a sentence.",
    required=("reason", "transport"),
)  # fmt: skip
declare("BonjourAccountRegistrationDidEnd", "BonjourAccount", "A transport is no longer announced.", required=("transport",))
declare(
    "BonjourAccountWillInitiateDiscovery", "BonjourAccount", "The search for neighbours begins; transport is udp or tcp.",
    required=("transport",),
)  # fmt: skip
declare(
    "BonjourAccountDiscoveryDidFail", "BonjourAccount", "Neighbours cannot be searched for; it is tried again. reason is a sentence.",
    required=("reason", "transport"),
)  # fmt: skip
declare(
    "BonjourAccountDidAddNeighbour", "BonjourAccount",
    "A neighbour can be called: neighbour is the name of its announcement, record (id, name, host, uri, presence) what it says.",
    required=("neighbour", "record"),
)  # fmt: skip
declare("BonjourAccountDidUpdateNeighbour", "BonjourAccount", "A neighbour's record has changed.", required=("neighbour", "record"))
declare(
    "BonjourAccountDidRemoveNeighbour", "BonjourAccount", "A neighbour is gone; record is the last one.", required=("neighbour", "record")
)

# audio -----------------------------------------------------------------------------------------------------------------------

declare(
    "AudioPortDidChangeSlots", "IAudioPort", "The port's slots changed; bridges connect it anew.",
    required=(
        "consumer_slot_changed", "producer_slot_changed", "old_consumer_slot", "new_consumer_slot", "old_producer_slot",
        "new_producer_slot",
    ),
)  # fmt: skip
declare("WaveFileDidFinishPlaying", "WaveFile", "The file was played to its end; stop() is not announced.")
declare("ToneGeneratorDidFinishPlaying", "ToneGenerator", "All tones that were asked for have been played.")
declare("WavePlayerDidStart", "WavePlayer", "The file is heard for the first time since start().")
declare("WavePlayerDidEnd", "WavePlayer", "The file was played as often as wanted, or stop() was called.")
declare("WavePlayerDidFail", "WavePlayer", "The file cannot be played; error is an exception with a sentence.", required=("error",))
declare("WaveRecorderDidEnd", "WaveRecorder", "stop() was called and the file is closed.", required=("filename",))
declare(
    "WaveRecorderDidFail", "WaveRecorder", "The file cannot be written (any more); what was written is kept. error is a sentence.",
    required=("filename", "error"),
)  # fmt: skip

# media streams ---------------------------------------------------------------------------------------------------------------

declare("MediaStreamDidInitialize", "IMediaStream", "The stream can be offered.")
declare("MediaStreamDidNotInitialize", "IMediaStream", "The stream cannot be offered.", required=("reason",))
declare("MediaStreamDidStart", "IMediaStream", "Media flows, as far as the stream is not held.")
declare(
    "MediaStreamDidFail", "IMediaStream", "The stream failed to start, or later.",
    required=("reason",), optional=("context", "failure"),
)  # fmt: skip
declare("MediaStreamWillEnd", "IMediaStream", "end() was called.")
declare("MediaStreamDidEnd", "IMediaStream", "The stream is closed.", optional=("error",))
declare(
    "AudioStreamDidChangeHoldState", "AudioStream", "The originator (local or remote) put the stream on hold or took it off.",
    required=("originator", "on_hold"),
)  # fmt: skip
declare("AudioStreamWillStartRecordingAudio", "AudioStream", "start_recording() was called.", required=("filename",))
declare("AudioStreamDidStartRecordingAudio", "AudioStream", "The stream is being recorded.", required=("filename",))
declare("AudioStreamWillStopRecordingAudio", "AudioStream", "stop_recording() was called, or the stream ends.", required=("filename",))
declare(
    "AudioStreamDidStopRecordingAudio", "AudioStream", "The recording is closed; reason, a sentence, only if it failed.",
    required=("filename",), optional=("reason",),
)  # fmt: skip
declare("AudioStreamDidChangeRTPParameters", "AudioStream", "Codec, address, port or encryption changed.")
declare(
    "AudioStreamDidUpdateStatistics", "AudioStream",
    "Once a second while the stream runs: packets, loss, jitter, delay and levels (a StreamStatistics).",
    required=("statistics",),
)  # fmt: skip
for sender in ("AudioStream", "RTPTransport"):
    declare(
        f"{sender}ICENegotiationStateDidChange", sender,
        "ICE went on: state and prev_state are texts, the values of ICE_STATES in blinkq/sipsimple/ice_candidate.py.",
        required=("state",), optional=("prev_state",),
    )  # fmt: skip
    declare(
        f"{sender}ICENegotiationDidSucceed", sender,
        "ICE found a way after duration seconds. chosen_local_candidates and chosen_remote_candidates map RTP and RTCP to an "
        "ICECandidate; local_candidates and remote_candidates are all there were, connectivity_checks_results the ICECheck of each pair, "
        "valid_pairs those selected, valid_list those that work.",
        required=(
            "chosen_local_candidates", "chosen_remote_candidates", "duration", "local_candidates", "remote_candidates",
            "connectivity_checks_results", "valid_pairs", "valid_list",
        ),
    )  # fmt: skip
    declare(
        f"{sender}ICENegotiationDidFail", sender, "ICE found no way; the addresses of the descriptions are used. reason is a sentence.",
        required=("reason",),
    )  # fmt: skip
declare("AudioStreamGotDTMF", "AudioStream", "The peer pressed a key.", required=("digit",))
declare("AudioStreamDidTimeout", "AudioStream", "Nothing came from the peer for rtp.timeout seconds; the stream fails.")

# presence, calls of others, voicemail -----------------------------------------------------------------------------------------

declare(
    "SIPAccountGotPresenceState", "Account",
    "The presence of some whom we watch, or all of them (full_state): resource_map maps a URI to what is known of it: uri, state of the "
    "subscription, reason, pidf_list. version counts up.",
    required=("version", "full_state", "resource_map"),
)  # fmt: skip
declare(
    "SIPAccountGotPresenceWinfo", "Account",
    "Who watches our presence: watcher_list as the server sent it (state 'full' or 'partial'); watchers: all of them, put together.",
    required=("version", "state", "watcher_list"), optional=("watchers",),
)  # fmt: skip
declare(
    "SIPAccountGotDialogState", "Account",
    "The calls of some whom we watch: resource_map maps a URI to uri, state of the subscription, reason, dialogs and busy.",
    required=("version", "full_state", "resource_map"),
)  # fmt: skip
declare("SIPAccountGotMessageSummary", "Account", "Whether voicemail waits, and how much.", required=("message_summary",))

for _nick, _sender, _thing in (
    ("Presence", "KeptSubscription", "the presence of one whom we watch"),
    ("PresenceWinfo", "PresenceWinfoSubscriber", "who watches our presence"),
    ("Dialog", "KeptSubscription", "the calls of one whom we watch"),
    ("MWI", "MWISubscriber", "waiting voicemail"),
):
    declare(f"{_nick}SubscriptionDidStart", _sender, f"A subscription to {_thing} stands.")
    declare(
        f"{_nick}SubscriptionGotNotify", _sender, "The server sent a state.", required=("event", "content_type", "body", "state", "reason")
    )  # fmt: skip
    declare(
        f"{_nick}SubscriptionDidFail", _sender,
        "The subscription failed or was lost, and is tried again after delay seconds; code is None when there was no answer.",
        required=("code", "reason", "delay"),
    )  # fmt: skip
    declare(f"{_nick}SubscriptionDidEnd", _sender, "The subscription ended.", required=("originator", "reason"))

for _nick, _thing in (("Presence", "our presence"), ("Dialog", "our calls")):
    declare(f"{_nick}PublisherWillPublish", f"{_nick}Publisher", f"A state of {_thing} is published.", required=("state", "duration"))
    declare(f"{_nick}PublisherWillRefresh", f"{_nick}Publisher", "What is published is about to be prolonged.", required=("state",))
    declare(f"{_nick}PublicationDidSucceed", f"{_nick}Publisher", "The server has what we published.", required=("state", "expires"))
    declare(
        f"{_nick}PublicationDidFail", f"{_nick}Publisher", "The server did not take it; it is tried again after delay seconds.",
        required=("code", "reason", "delay"),
    )  # fmt: skip
    declare(f"{_nick}PublicationDidEnd", f"{_nick}Publisher", "What was published is taken back.")
    declare(
        f"{_nick}PublicationDidNotEnd", f"{_nick}Publisher", "Taking it back failed; it expires by itself.", required=("code", "reason"),
    )  # fmt: skip

# sessions --------------------------------------------------------------------------------------------------------------------

declare(
    "SIPSessionNewIncoming", "Session",
    "A peer calls; accept() or reject() it. replaced_dialog: the DialogID of the session that it takes the place of when it is accepted, "
    "or None.",
    required=("streams",), optional=("headers", "replaced_dialog"),
)  # fmt: skip
declare(
    "SIPSessionNewIncomingFromTransfer", "Session",
    "A peer calls in place of somebody we are in a call with (RFC 3891); SIPSessionNewIncoming follows, or "
    "SIPSessionNewIncomingFromTransferFailed.",
    required=("call_id", "to_tag", "from_tag", "replaced_dialog"),
)  # fmt: skip
declare(
    "SIPSessionNewIncomingFromTransferFailed", "Session",
    "The call was refused: there is nothing that it could take the place of.", required=("reason",),
)  # fmt: skip
declare("SIPSessionNewOutgoing", "Session", "connect() was called.", required=("streams",))
declare("SIPSessionGotRingIndication", "Session", "The called party's device rings.")
declare("SIPSessionGotProvisionalResponse", "Session", "A provisional response to our (re-)INVITE came.", required=("code", "reason"))
declare("SIPSessionWillStart", "Session", "The call was accepted; the streams are being started.")
declare("SIPSessionDidStart", "Session", "The call stands and its streams have started.", required=("streams",))
declare(
    "SIPSessionDidFail", "Session",
    "The session is over before it started. code may be 0 and reason None; redirect_identities: the Contacts of a 3xx answer, else None.",
    required=("originator", "code", "reason", "failure_reason", "redirect_identities"),
)  # fmt: skip
declare("SIPSessionWillEnd", "Session", "The session is about to end.", required=("originator",))
declare("SIPSessionDidEnd", "Session", "The session is over after it had started.", required=("originator", "end_reason"))
declare(
    "SIPSessionDidChangeHoldState", "Session",
    "The originator put streams on hold or took them off; partial: some, not all streams that can be held are on hold.",
    required=("originator", "on_hold", "partial"),
)  # fmt: skip
declare(
    "SIPSessionGotProposal", "Session",
    "The originator proposes streams; accept_proposal() or reject_proposal() a remote one. streams and proposed_streams are equal.",
    required=("originator", "streams", "proposed_streams"),
)  # fmt: skip
declare(
    "SIPSessionGotAcceptProposal", "Session",
    "The originator's proposal was accepted. streams and accepted_streams: those accepted, which run now; proposed_streams: all.",
    required=("originator", "streams", "accepted_streams", "proposed_streams"),
)  # fmt: skip
declare(
    "SIPSessionGotRejectProposal", "Session",
    "The originator's proposal was rejected, or taken back (code 487); code 200: answered, but without any of the streams.",
    required=("originator", "code", "reason", "streams", "proposed_streams"),
)  # fmt: skip
declare(
    "SIPSessionHadProposalFailure", "Session",
    "The originator's proposal failed for a reason of ours, such as a stream that did not start.",
    required=("originator", "failure_reason", "streams", "proposed_streams"),
)  # fmt: skip
declare(
    "SIPSessionDidRenegotiateStreams", "Session", "Streams were added or removed.",
    required=("originator", "action", "streams", "added_streams", "removed_streams"),
)  # fmt: skip
declare(
    "SIPSessionTransferNewOutgoing", "Session", "transfer() was called; transfer_destination is a SIPURI.",
    required=("transfer_destination", "extra_headers"),
)  # fmt: skip
declare(
    "SIPSessionTransferNewIncoming", "Session",
    "The peer asks us to call somebody else; accept_transfer() or reject_transfer(). transfer_destination: a SIPURI without parameters.",
    required=("transfer_destination", "headers"),
)  # fmt: skip
declare("SIPSessionTransferDidStart", "Session", "The peer, or accept_transfer(), agreed: the new call is being made.")
declare(
    "SIPSessionTransferGotProgress", "Session", "The peer tells how the new call goes: 100, 180 ... and the final answer.",
    required=("code", "reason"),
)  # fmt: skip
declare(
    "SIPSessionTransferDidEnd", "Session",
    "The new call stands, and this session ends. Also: the peer who asked us for it left before that; the new session goes on.",
)  # fmt: skip
declare(
    "SIPSessionTransferDidFail", "Session",
    "The transfer was refused or failed, the session goes on; code is 0 where the outcome is not known.", required=("code", "reason"),
)  # fmt: skip
declare(
    "SIPSessionGotMessage", "Session", "The peer sent a MESSAGE inside the call; body is bytes, headers a dict of texts.",
    required=("request_uri", "from_header", "to_header", "headers", "content_type", "body"),
)  # fmt: skip
declare(
    "SIPSessionDidProcessTransaction", "Session",
    "A transaction of the call is complete; ack_received (True, False or 'unknown') only for INVITEs of the peer.",
    required=("originator", "method", "code", "reason"), optional=("ack_received",),
)  # fmt: skip

declare("ConferenceFocusDidAddSession", "ConferenceFocus", "The session takes part in our conference.", required=("session",))
declare("ConferenceFocusDidRemoveSession", "ConferenceFocus", "The session does not take part any more.", required=("session",))
declare(
    "ConferenceFocusDidNotInvite", "ConferenceFocus", "Somebody who was to take part could not be called, or did not come.",
    required=("session", "uri", "code", "reason"),
)  # fmt: skip
declare(
    "ConferenceFocusGotRequest", "ConferenceFocus",
    "A participant asks to bring somebody in or send somebody away: accept() or reject() the request (a ParticipantRequest).",
    required=("request",),
)  # fmt: skip
declare("ConferenceFocusDidEnd", "ConferenceFocus", "Our conference is over.")

# conferences -------------------------------------------------------------------------------------------------------------------

declare(
    "SIPSessionGotConferenceInfo", "Session",
    "The focus of the session's conference tells who takes part: conference_info is the whole, a payloads.conference.Conference.",
    required=("conference_info",),
)  # fmt: skip
for _done, _what in (("Add", "brought in"), ("Remove", "sent away")):
    declare(f"SIPConferenceDid{_done}Participant", "Session", f"The focus has {_what} the participant.", required=("participant",))
    declare(
        f"SIPConferenceDidNot{_done}Participant", "Session",
        f"The participant (as it was given, if it is no address) was not {_what}. code is 0 where no answer of the focus tells why.",
        required=("participant", "code", "reason"),
    )  # fmt: skip
    declare(
        f"SIPConferenceGot{_done}ParticipantProgress", "Session", f"The participant is being {_what}: a provisional answer.",
        required=("participant", "code", "reason"),
    )  # fmt: skip

declare(
    "MSRPTransportTrace", "MSRPLink", "Bytes went ('outgoing') or came over an MSRP connection, credentials and session identifiers hidden;"
    " posted when logs.trace_msrp is set.",
    required=("direction", "data", "local_address", "remote_address"),
)  # fmt: skip
declare(
    "MSRPLibraryLog", "None", "A line of the MSRP endpoint's log, with its level; posted when logs.trace_msrp is set.",
    required=("message", "level"),
)  # fmt: skip
