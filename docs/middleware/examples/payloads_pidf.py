"""A presence document is built, written, read again and looked at."""

from blinkq.payloads.pidf import PIDF, PIDFDocument, PIDFNote, Service, Status

presence = PIDF("sip:alice@example.com")
presence.add(Service("desk", Status("open")))
presence.notes.append(PIDFNote("At my desk"))
document = PIDFDocument.build(presence)

again = PIDFDocument.parse(document)
print(again.entity, [(service.id, str(service.status.basic)) for service in again.services], str(again.notes[0]))

# prints:
# sip:alice@example.com [('desk', 'open')] At my desk
