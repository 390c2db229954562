"""An application's own settings: an object, and an extension of the general ones."""

from blinkq.base.notification import NotificationCenter, NotificationHandler
from blinkq.sipsimple.configuration import (
    ConfigurationManager,
    InvalidSettingError,
    Setting,
    SettingsGroup,
    SettingsObject,
    SettingsObjectExtension,
    SettingsObjectID,
)
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.datatypes import NonNegativeInteger, Port
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings


class DoorSettings(SettingsGroup):
    port = Setting(Port, Port(8080), doc="where the door listens")
    delay = Setting(NonNegativeInteger, NonNegativeInteger(3), doc="seconds that it stays open")


class Door(SettingsObject):
    __group__ = "Doors"
    __id__ = SettingsObjectID(str)

    id = __id__
    name = Setting(str, nillable=True, doc="what people call it")
    opening = DoorSettings


class Extension(SettingsObjectExtension):
    doorbell = Setting(bool, True, doc="whether the doorbell is heard")


class Changes(NotificationHandler):
    def _NH_CFGSettingsObjectDidChange(self, notification):
        print("changed:", notification.data.modified)


SIPSimpleSettings.register_extension(Extension)
NotificationCenter().add_observer(Changes())
backend = MemoryBackend()
ConfigurationManager().start(backend)

door = Door("front")
door.name = "Front door"
door.opening.port = "9000"
door.save()
door.opening.delay = 5
door.save()
try:
    door.opening.port = 70000
except InvalidSettingError as error:
    print(error)
print(backend.data["Doors"], SIPSimpleSettings().doorbell)

# prints:
# changed: {'name': ModifiedValue(old=None, new='Front door'), 'opening.port': ModifiedValue(old=8080, new=9000)}
# changed: {'opening.delay': ModifiedValue(old=3, new=5)}
# opening.port cannot be 70000: a port is a number from 0 to 65535, not 70000
# {'front': {'name': 'Front door', 'opening': {'port': '9000', 'delay': '5'}}} True
