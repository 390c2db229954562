"""Notifications of what became of a message, and of typing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.payloads.imdn import DeliveryNotification, DisplayNotification, IMDNDocument, IMDNMessage, MessageID, ProcessingNotification
from blinkq.payloads.iscomposing import ContentType, IsComposingDocument, IsComposingMessage, LastActive, Refresh, State

WHEN = datetime(2026, 4, 4, 12, 16, 49, tzinfo=UTC)

SAMPLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<imdn xmlns="urn:ietf:params:xml:ns:imdn">
 <message-id>34jk324j</message-id><datetime>2026-04-04T14:16:49+02:00</datetime>
 <recipient-uri>im:bob@example.com</recipient-uri><original-recipient-uri>im:bob@example.com</original-recipient-uri>
 <delivery-notification><status><delivered/></status></delivery-notification>
</imdn>"""


def test_a_notification_reads_as_scripts_read_it() -> None:
    document = IMDNDocument.parse(SAMPLE)
    assert document.message_id.value == "34jk324j"
    assert document.datetime == WHEN
    assert document.recipient_uri == "im:bob@example.com"
    assert document.notification == DeliveryNotification("delivered")
    assert str(document.notification.status) == "delivered"


@pytest.mark.parametrize(
    "notification",
    [DeliveryNotification("failed"), DisplayNotification("displayed"), ProcessingNotification("stored"), DisplayNotification()],
)
def test_what_is_created_reads_the_same(notification: DeliveryNotification) -> None:
    body = IMDNDocument.create(message_id="m1", datetime=WHEN, recipient_uri="sip:b@x", notification=notification)
    assert IMDNDocument.parse(body) == IMDNMessage(MessageID("m1"), WHEN, "sip:b@x", notification=notification)
    assert IMDNDocument.content_type == "message/imdn+xml"


@pytest.mark.parametrize("inner", ["", "<message-id>x</message-id>",
    "<delivery-notification><status><delivered/></status></delivery-notification>",
    "<message-id>x</message-id><delivery-notification><status><eaten/></status></delivery-notification>",
    "<message-id>x</message-id><delivery-notification/>"])  # fmt: skip
def test_without_message_or_status_it_is_no_notification(inner: str) -> None:
    with pytest.raises(ParserError):
        IMDNDocument.parse(f'<imdn xmlns="urn:ietf:params:xml:ns:imdn">{inner}</imdn>')


def test_wrong_values_are_builder_errors() -> None:
    with pytest.raises(BuilderError):
        IMDNDocument.create(message_id="m", notification=DeliveryNotification("eaten"))
    with pytest.raises(BuilderError):
        IMDNDocument.create(message_id="m")


def test_typing_reads_as_scripts_read_it() -> None:
    message = IsComposingMessage.parse(
        '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state><contenttype>text/plain</contenttype>'
        "<lastactive>2026-04-04T12:16:49Z</lastactive><refresh>90</refresh></isComposing>"
    )
    assert (message.state.value, str(message.state)) == ("active", "active")
    assert message.last_active == LastActive(WHEN)
    assert message.content_type == ContentType("text/plain")
    assert message.refresh == Refresh(90)


def test_typing_takes_plain_values() -> None:
    body = IsComposingDocument.create(state="idle", last_active=WHEN, refresh=60)
    assert IsComposingDocument.parse(body) == IsComposingMessage(State("idle"), LastActive(WHEN), None, Refresh(60))
    assert IsComposingDocument.content_type == "application/im-iscomposing+xml"
    with pytest.raises(ParserError):
        IsComposingMessage.parse('<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>dozing</state></isComposing>')
    with pytest.raises(BuilderError):
        IsComposingDocument.create(state="dozing")
