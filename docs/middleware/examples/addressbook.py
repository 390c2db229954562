"""A contact with two addresses, in a group."""

from blinkq.sipsimple.addressbook import AddressbookManager, Contact, ContactURI, Group
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend

ConfigurationManager().start(MemoryBackend())
manager = AddressbookManager()
manager.load()

carol = Contact.create("Carol", uris=[ContactURI("carol@example.com", "work"), ContactURI("sip:carol@example.net")])
carol.save()
friends = Group.create("Friends")
friends.contacts = [carol]
friends.save()

for contact in manager.get_groups()[0].contacts:
    print(contact.name, [str(uri) for uri in contact.uris])

# prints:
# Carol ['sip:carol@example.com (work)', 'sip:carol@example.net']
