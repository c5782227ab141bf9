"""What X takes for a post, in US dollars: more for one that holds a link. Pure."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks import twitter_text
from publisher.social.networks.base import Account

PRICE: Final = Decimal("0.015")
PRICE_WITH_LINK: Final = Decimal("0.20")
"""Pay per use, April 2026 (docs.x.com, “Pricing”). X changes them: the channel's settings go before."""

_MOST: Final = 1000
_LINE_BREAK: Final = re.compile(r"\r\n|\r")


def price(text: str, account: Account) -> Decimal:
    """The price of one post. A text that cannot be searched for links is taken to have one. Raises `Rejected`."""
    plain = _amount(account, "price", PRICE)
    with_link = _amount(account, "price_with_link", PRICE_WITH_LINK)
    text = _LINE_BREAK.sub("\n", text)
    has_link = not twitter_text.is_countable(text) or bool(twitter_text.links(text))
    return with_link if has_link else plain


def _amount(account: Account, setting: str, usual: Decimal) -> Decimal:
    given: Any = account.settings.get(setting)
    if given is None:
        return usual
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        amount = Decimal(-1)
    if isinstance(given, bool) or not amount.is_finite() or not 0 <= amount <= _MOST:
        raise Rejected(
            gettext_noop("The channel's setting `%(setting)s` must be an amount of dollars such as 0.20.")
            % {"setting": setting}
        )
    return amount
