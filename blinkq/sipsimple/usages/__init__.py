"""Registration, Subscription, Message and their like of ``sipsimple.core``: thin objects over the usages of the SIP agent.

Their methods may be called from any thread: wrong arguments and states raise in the caller, the rest happens on the engine thread, in
order. Accounts and sessions do not use them; they are for applications that speak SIP themselves.
"""
