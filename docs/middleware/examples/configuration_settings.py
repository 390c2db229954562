"""A general setting is changed and stored; those who watch are told what it was and is."""

from blinkq.base.notification import NotificationCenter, NotificationHandler
from blinkq.sipsimple.configuration import ConfigurationManager, DefaultValue, iter_settings
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings


class Changes(NotificationHandler):
    def _NH_CFGSettingsObjectDidChange(self, notification):
        for path, change in notification.data.modified.items():
            print(f"{path}: {change.old} -> {change.new}")


NotificationCenter().add_observer(Changes())
ConfigurationManager().start(MemoryBackend())
settings = SIPSimpleSettings()
settings.rtp.audio_codec_list = ["G722", "PCMA"]
settings.sip.udp_port = 5060
settings.save()
settings.sip.udp_port = DefaultValue
settings.save()
print([reference.path for reference in iter_settings(settings) if not reference.is_default])

# prints:
# rtp.audio_codec_list: opus, G722, PCMU, PCMA -> G722, PCMA
# sip.udp_port: 0 -> 5060
# sip.udp_port: 5060 -> 0
# ['rtp.audio_codec_list']
