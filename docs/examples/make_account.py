"""Makes an account the default one: ``python -m blinkq.compat docs/examples/make_account.py DIRECTORY SIP-ADDRESS PASSWORD``.

It works on the settings alone, without starting the application.
"""

import sys

from application.notification import IObserver, NotificationCenter
from sipsimple.account import Account, AccountManager
from sipsimple.configuration import ConfigurationManager
from sipsimple.configuration.settings import SIPSimpleSettings
from sipsimple.storage import FileStorage
from zope.interface import implementer


@implementer(IObserver)
class Failures:
    """Tells what could not be stored."""

    def handle_notification(self, notification):
        sys.exit(str(notification.data.exception))


directory, address, password = sys.argv[1:4]
NotificationCenter().add_observer(Failures(), name="CFGManagerSaveFailed")
ConfigurationManager().start(FileStorage(directory).configuration_backend)
AccountManager().load()

account = Account(address)
account.password = password
account.registration.enabled = False  # it only calls
account.enabled = True
account.save()

settings = SIPSimpleSettings()
settings.default_account = account.id
settings.audio.input_device = settings.audio.output_device = settings.audio.alert_device = None
settings.save()
print(f"{account.id} calls from now on")
