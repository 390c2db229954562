"""Settings that stay in a folder."""

import tempfile

from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.storage import FileStorage

with tempfile.TemporaryDirectory() as folder:
    storage = FileStorage(folder)  # SIPApplication().start(storage) does the following, and everything else
    manager = ConfigurationManager()
    manager.start(storage.configuration_backend)
    settings = SIPSimpleSettings()
    settings.rtp.timeout = 20
    settings.save()
    manager.stop()
    with open(storage.configuration_backend.filename) as file:
        print(file.read().strip())

# prints:
# configuration_version = 1
# SIPSimpleSettings:
#     rtp:
#         timeout = 20
