"""Who is told by mail about a channel: its owner, else every administrator with an address."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from publisher.audience import addresses
from publisher.core.errors import UserError
from publisher.social.models import Channel


def addresses_of(channel: Channel) -> list[str]:
    """Where mail about the channel goes, each address once; empty when nobody has one."""
    owner = _address(channel.owner)
    if owner:
        return [owner]
    admins = User.objects.filter(is_superuser=True, is_active=True).exclude(email="").order_by("pk")
    found = [_usable(email) for email in admins.values_list("email", flat=True)]
    return list({addresses.key(each): each for each in found if each}.values())


def check_owner(owner: str) -> str:
    """The owner as it is stored. Raises `UserError` for one that no mail can reach."""
    owner = owner.strip()
    if not owner or _address(owner):
        return owner
    if User.objects.filter(username=owner, is_active=True).exists():
        raise UserError(
            _("The owner %(owner)s has no mail address.") % {"owner": owner},
            _("Give the login one, or name an address as the owner."),
        )
    raise UserError(
        _("There is no login %(owner)s, and it is no mail address.") % {"owner": owner},
        _("The owner is a login of the desk, or an address."),
    )


def _address(owner: str) -> str:
    """The address of a login, or what is one itself; "" for a login that is switched off, unknown, or without an address."""
    if not owner:
        return ""
    user = User.objects.filter(username=owner).first()
    if user:
        return _usable(user.email) if user.is_active else ""
    return _usable(owner)


def _usable(address: str) -> str:
    try:
        return addresses.checked(address)
    except UserError:
        return ""
