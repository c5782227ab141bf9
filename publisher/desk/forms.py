"""The desk's forms: what staff may send, checked. Templates write the fields themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest
from django.http.request import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publisher.core.errors import UserError
from publisher.delivery.reslotting import How
from publisher.social.approval import MOST_PARTS
from publisher.social.times import LONGEST_REASON


class VersionForm(forms.Form):
    """Which version of the thing the person saw."""

    version = forms.IntegerField(min_value=1)


class CancelForm(forms.Form):
    """Why a post is cancelled; others read it in the history."""

    reason = forms.CharField(max_length=500, required=False, strip=True)


class RescheduleForm(forms.Form):
    """A local time in the channel's zone, cleaned to UTC; and the reason for one against the channel's rules."""

    at = forms.CharField(max_length=40, error_messages={"required": gettext_lazy("Choose a day and a time.")})
    override = forms.CharField(max_length=LONGEST_REASON, required=False, strip=True)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)

    @property
    def shown(self) -> str:
        """The value for an `<input type="datetime-local">`."""
        if self.is_bound:
            return str(self.data.get("at", ""))
        at: datetime | None = self.initial.get("at")
        return at.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M") if at else ""

    def clean_at(self) -> datetime:
        try:
            wall = datetime.fromisoformat(self.cleaned_data["at"])
            at = (wall if wall.tzinfo else wall.replace(tzinfo=self.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise forms.ValidationError(_("This is not a time. Write it like 2026-06-01T14:30.")) from None
        if wall.tzinfo is None and at.astimezone(self.zone).replace(tzinfo=None) != wall:
            raise forms.ValidationError(
                _("Clocks are put forward over this hour: there is no such time that day.")
            )
        return at


def texts_of(data: QueryDict) -> list[str]:
    """The texts of a post's parts as sent: line breaks as LF, no empty part."""
    texts = [text.replace("\r\n", "\n").strip() for text in data.getlist("text")]
    return [text for text in texts if text][: MOST_PARTS + 1]


def local_input(value: datetime | None) -> str:
    """A time for `<input type="datetime-local">` in the viewer's zone."""
    return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M") if value else ""


def how_of(request: HttpRequest, *, unsaid: How | None = None) -> How:
    """What becomes of posts that waited, as `_release.html` asks; `unsaid` when the form did not. Raises `UserError`."""
    said = request.POST.get("how", "")
    if not said and unsaid:
        return unsaid
    try:
        return How(said)
    except ValueError:
        raise UserError(
            _("Choose whether the posts get new slots, or whether you decide about each."),
            _("Nothing was changed."),
        ) from None
