"""An observer hears what it asked for; each observer hears a notification once."""

from blinkq.base.notification import NotificationCenter, NotificationData, NotificationHandler


class Listener(NotificationHandler):
    def _NH_KettleDidBoil(self, notification):
        print(notification.name, "of", notification.sender, "after", notification.data.seconds, "s")


listener, center = Listener(), NotificationCenter()
center.add_observer(listener, name="KettleDidBoil")
center.add_observer(listener, sender="my kettle")
center.post_notification("KettleDidBoil", "my kettle", NotificationData(seconds=90))
center.remove_observer(listener, name="KettleDidBoil")
center.discard_observer(listener, sender="my kettle")
center.post_notification("KettleDidBoil", "my kettle", NotificationData(seconds=10))

# prints:
# KettleDidBoil of my kettle after 90 s
