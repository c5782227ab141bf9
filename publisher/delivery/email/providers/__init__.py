"""Mail through a provider's API. `ProviderSession(account).send(messages)` yields one `Result` for each message, in order.

table.py lists the providers, url.py reads an address, content.py takes messages apart, calls.py and listing.py make requests
of them with django-anymail, outcomes.py says what answers mean, session.py sends.
"""

from publisher.delivery.email.providers.session import HttpLimits, ProviderSession, at_once
from publisher.delivery.email.providers.table import PROVIDERS
from publisher.delivery.email.providers.url import Account, parse_provider_url

__all__ = ["PROVIDERS", "Account", "HttpLimits", "ProviderSession", "at_once", "parse_provider_url"]
