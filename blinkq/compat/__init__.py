"""Scripts written for the SIP SIMPLE SDK, run on this middleware: ``python -m blinkq.compat SCRIPT [ARGS]``.

The names that such scripts import (``sipsimple``, ``application``) lead here, notifications are posted under their modern names too, and
what the SDK's objects had beyond the specification is put on ours. What this is not: a part of the middleware; nothing imports it.
"""
