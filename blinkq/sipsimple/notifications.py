"""The catalogue of the middleware's notifications: every one that can be posted is declared here, with its data.

Names and fields are those of the specification. ``timestamp``, a datetime with time zone, is part of every notification's data and is
not repeated. The manual's page of notifications is generated from this file.
"""

from __future__ import annotations

from blinkq.base.catalogue import declare

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
    "A stored setting is unusable and its default was taken (attribute, container); or, with attribute and container None, the whole file "
    "is unreadable and was kept aside as kept_as.",
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
declare("MediaProcessDidRevive", "SIPApplication", "The media process runs again and every stream has been resumed.")

# engine ----------------------------------------------------------------------------------------------------------------------

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
declare("SIPAccountDidActivate", "Account", "The account is enabled and the engine runs.")
declare("SIPAccountDidDeactivate", "Account", "The account was disabled, or the engine stops.")
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
    "next_route, or starts with a new DNS lookup when that is None.",
    required=("reason", "error", "registration", "next_route", "delay"), optional=("code",),
)  # fmt: skip
declare(
    "SIPAccountRegistrationDidEnd", "Account", "Unregistered; code and reason only if the server answered.",
    required=("registration",), optional=("code", "reason"),
)  # fmt: skip
declare(
    "SIPAccountRegistrationDidNotEnd", "Account", "The server did not confirm the end of the registration; it will expire by itself.",
    required=("code", "reason", "registration"),
)  # fmt: skip
