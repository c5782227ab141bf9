"""Names under which people sign in."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from publisher.core.errors import UserError

LONGEST = 150
RESERVED = ("system", "publisher")
"""Under these the audit trail tells what nobody did: who had such a name would act under cover."""


def checked(name: str) -> str:
    """The name as it is stored. Raises UserError: empty, too long, strange characters, or taken in whatever case."""
    name = User.normalize_username(name.replace("\0", "").strip())
    try:
        UnicodeUsernameValidator()(name)
    except ValidationError:
        raise UserError(
            _("A name has letters, digits and the characters @ . + - _ only, and no blanks."),
            _("Choose another name."),
        ) from None
    if len(name) > LONGEST:
        raise UserError(
            _("A name has at most %(most)s characters.") % {"most": LONGEST}, _("Choose another name.")
        )
    if name.casefold() in RESERVED or User.objects.filter(username__iexact=name).exists():
        raise taken(name)
    return name


def taken(name: str) -> UserError:
    """What is said of a name that somebody has."""
    return UserError(_("The name %(name)s is taken.") % {"name": name}, _("Choose another name."))


def free(email: str) -> str:
    """A name for somebody of whom only the address is known: the address, with a number when it is taken."""
    base = User.normalize_username(email)[: LONGEST - 5]
    name, number = base, 2
    while User.objects.filter(username__iexact=name).exists():
        name, number = f"{base}-{number}", number + 1
    return name
