"""An account is made, found again and removed. While the application runs, it would register as soon as it is saved."""

from blinkq.sipsimple.account import Account, AccountManager
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.keyring import MemoryPasswordStore

ConfigurationManager().start(MemoryBackend(), MemoryPasswordStore())
manager = AccountManager()
manager.load()

account = Account("alice@example.com")
account.enabled = True
account.display_name = "Alice"
account.password = "not so secret"
account.sip.outbound_proxy = "proxy.example.com:5061;transport=tls"
account.save()

print(account.id.username, account.id.domain, account.uri)
print("proxy:", account.sip.outbound_proxy)
print("default:", manager.default_account is account, Account("alice@example.com") is account)
account.delete()
print("left:", [str(each.id) for each in manager.get_accounts() if each.id != "bonjour@local"])

# prints:
# alice example.com sip:alice@example.com
# proxy: proxy.example.com:5061;transport=tls
# default: True True
# left: []
