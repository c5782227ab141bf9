"""Correct everywhere: one page with every post of an item that was sent, and what staff decide about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.delivery.amending import approving, asking, costs, waiting
from publisher.delivery.amending.asking import Decision, Refused
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.amending.costs import Cost
from publisher.delivery.amending.standing import Stands, answer_part, standing_of
from publisher.delivery.models import Amendment
from publisher.desk.access import user_of
from publisher.desk.page import show
from publisher.desk.posts.measuring import Part, measured
from publisher.digests.models import Edition, EditionItem
from publisher.items.models import Item
from publisher.people.permissions import PUBLISH
from publisher.review.approvals import Standing
from publisher.social.approval import Stale
from publisher.social.models import Post

LABELS: Mapping[Choice, str | Promise] = {
    Choice.EDIT: gettext_lazy("Edit it"),
    Choice.REPLY: gettext_lazy("Answer below it"),
    Choice.DELETE: gettext_lazy("Delete it"),
    Choice.HAND: gettext_lazy("I have corrected it there by hand"),
    Choice.LEAVE: gettext_lazy("Leave it as it is"),
    Choice.LATER: gettext_lazy("Not now"),
}
MAILED = (Edition.State.SENT, Edition.State.SENDING, Edition.State.PAUSED)
LONGEST_TEXT = 20_001
"""A little more than the longest message: what is longer is refused with its reason."""


@dataclass(frozen=True)
class Field:
    """A text that can be typed. `name` is “reply” or “edit-0”, `number` what its counter is called."""

    number: str
    name: str
    label: str
    text: str
    part: Part

    @property
    def measure(self) -> object:
        return self.part.measure


@dataclass(frozen=True)
class Panel:
    """One post on the page. `options` are (value, label, why not)."""

    stands: Stands
    chosen: str
    options: tuple[tuple[str, str, str], ...]
    edits: tuple[Field, ...]
    reply: Field
    cost: Cost
    error: UserError | None = None

    @property
    def can_edit(self) -> bool:
        return not self.stands.hindrances[Choice.EDIT]

    @property
    def can_reply(self) -> bool:
        return not self.stands.hindrances[Choice.REPLY]


@dataclass(frozen=True)
class _Waits:
    """How far a correction is approved. Those that one press asked for are approved with the first of them."""

    standing: Standing
    user: User
    is_first: bool

    @property
    def may_approve(self) -> bool:
        return self.user.has_perm(PUBLISH) and (self.standing.enough or self.standing.waits_for(self.user))

    @property
    def is_mine(self) -> bool:
        return self.standing.wrote(self.user)


@require_GET
def index(request: HttpRequest, item_id: int) -> HttpResponse:
    """What stands where, what can be done, what is proposed, and what became of corrections before."""
    return _page(request, _item(item_id))


@require_POST
def correct(request: HttpRequest, item_id: int) -> HttpResponse:
    """Carry out all decisions of the form, or none of them."""
    item = _item(item_id)
    decisions = _decisions(request, item)
    try:
        decided = asking.correct(
            item_id,
            decisions,
            user=user_of(request),
            revision=number_in(request.POST.get("revision", "")) or 0,
            retracted=request.POST.get("retracted") == "yes",
            now=clock.now(),
        )
    except Stale as error:
        return _page(request, _item(item_id), error=error, status=409)
    except Refused as error:
        return _page(request, item, error=error, errors=error.errors, status=422)
    if decided:
        said = ngettext(
            "Decided about %(num)s post. What becomes of it stands here.",
            "Decided about %(num)s posts. What becomes of them stands here.",
            decided,
        )
        messages.success(request, said % {"num": decided})
    else:
        messages.info(request, gettext("Nothing was chosen, so nothing was done."))
    return redirect("desk:correct", item_id=item_id)


@require_GET
def progress(request: HttpRequest, item_id: int) -> HttpResponse:
    """A fragment for htmx: what became of the corrections."""
    return show(request, "desk/items/_corrections.html", _corrections(request, _item(item_id)))


@require_POST
def measure(request: HttpRequest, item_id: int, post_id: int, name: str) -> HttpResponse:
    """A fragment for htmx: the counter of one text as it is being typed, by the network's own measure."""
    post = get_object_or_404(Post.objects.select_related("channel"), pk=post_id, item_id=item_id)
    kind, _, number = name.partition("-")
    texts, place = request.POST.getlist(f"{kind}-{post_id}"), number_in(number) or 0
    if place >= len(texts):
        return HttpResponse(status=400)
    part = _field(post, name, "", texts[place][:LONGEST_TEXT])
    return show(request, "desk/posts/_counter.html", {"part": part})


@require_POST
def approve(request: HttpRequest, amendment_id: int) -> HttpResponse:
    """Say yes to an edit or answer that waits for approval, and to what was asked for with it."""

    def say(amendment_id: int, **given: Any) -> str:
        standing = approving.approve(amendment_id, **given)
        if standing.enough:
            return gettext("Approved. It is done next.")
        said = gettext("You approved it: %(given)s. It is done when another person approves it, too.")
        return said % {"given": standing.said}

    return _act(request, say, amendment_id, "")


@require_POST
def again(request: HttpRequest, amendment_id: int) -> HttpResponse:
    """Try once more what failed."""
    return _act(request, asking.again, amendment_id, gettext("It is tried again."))


@require_POST
def delete_answer(request: HttpRequest, amendment_id: int) -> HttpResponse:
    """Delete an answer of ours."""
    return _act(request, asking.delete_answer, amendment_id, gettext("The answer is being deleted."))


@require_POST
def call_off(request: HttpRequest, amendment_id: int) -> HttpResponse:
    """Call off what waits for its turn."""
    return _act(request, asking.call_off, amendment_id, gettext("Called off."))


@require_POST
def confirm(request: HttpRequest, amendment_id: int) -> HttpResponse:
    """A person's word on what is unclear."""
    was_done = request.POST.get("was_done")
    if was_done not in ("yes", "no"):
        raise UserError(
            gettext("The form did not say whether it was done."),
            gettext("Open the page again, and press a button."),
        )
    url = request.POST.get("url", "").strip()

    def say(amendment_id: int, **given: Any) -> Post:
        return asking.confirm(amendment_id, was_done=was_done == "yes", url=url, **given)

    return _act(request, say, amendment_id, gettext("Noted."))


def _act(request: HttpRequest, deed: Callable[..., Any], amendment_id: int, done: str) -> HttpResponse:
    """Do it, and go back to the item's page, which says `done`, or what the deed answered. Refused: the page, with the reason."""
    known = Amendment.objects.select_related("delivery__post")
    amendment = get_object_or_404(known, pk=amendment_id)
    item_id = amendment.delivery.post.item_id if amendment.delivery.post else 0
    try:
        answer = deed(amendment_id, user=user_of(request), now=clock.now())
    except UserError as error:
        return _page(request, _item(item_id), error=error, status=422, given=False)
    messages.success(request, done or answer)
    return redirect("desk:correct", item_id=item_id)


def _item(item_id: int) -> Item:
    return get_object_or_404(Item.objects.select_related("source"), pk=item_id)


def _decisions(request: HttpRequest, item: Item) -> dict[int, Decision]:
    """What the form says of each post; what it does not name is not decided about."""
    decisions = {}
    for post_id in item.posts.values_list("pk", flat=True):
        chosen = request.POST.get(f"deed-{post_id}", "")
        if chosen in LABELS:
            decisions[post_id] = Decision(
                Choice(chosen),
                number_in(request.POST.get(f"version-{post_id}", "")) or 0,
                tuple(request.POST.getlist(f"edit-{post_id}")),
                request.POST.get(f"reply-{post_id}", ""),
            )
    return decisions


def _page(
    request: HttpRequest,
    item: Item,
    *,
    error: UserError | None = None,
    errors: Mapping[int, UserError] | None = None,
    status: int = 200,
    given: bool = True,
) -> HttpResponse:
    """`given`: the form that was posted is this page's, so that what was typed is shown again."""
    now = clock.now()
    standing = standing_of(item, now=now)
    decisions = _decisions(request, item) if given and request.method == "POST" else {}
    context = {
        "item": item,
        "error": error,
        "panels": [
            _panel(each, decisions.get(each.post.pk), (errors or {}).get(each.post.pk), now)
            for each in standing
            if not each.why_not
        ],
        "waiting": [each for each in standing if each.why_not],
        "editions": _editions(item),
        "held": waiting.notice([each.post.pk for each in standing]),
        **_corrections(request, item),
    }
    return show(request, "desk/items/correct.html", context, status=status)


def _corrections(request: HttpRequest, item: Item) -> dict[str, Any]:
    known = Amendment.objects.filter(delivery__post__item=item).select_related(
        "delivery__channel", "delivery__post__item", "asked_by", "answer"
    )
    rows = list(known.order_by("-pk"))
    newest: dict[tuple[int, int | None], int] = {}
    for row in rows:
        newest.setdefault((row.delivery_id, row.answer_id), row.pk)
    moving = any(row.state in (Amendment.State.QUEUED, Amendment.State.SENDING) for row in rows)
    unclear = any(row.state == Amendment.State.UNKNOWN for row in rows)
    asked = any(row.state == Amendment.State.WAITING for row in rows)
    presses = approving.waiting(item) if asked else []
    standings = approving.standings(presses)
    return {
        "approvals": {
            row.pk: _Waits(standings[press[0].pk], user_of(request), is_first=row == press[0])
            for press in presses
            for row in press
        },
        "item": item,
        "amendments": rows,
        "newest": set(newest.values()),
        "waits": waiting.reasons(rows, now=clock.now()),
        "deletable": {row.pk for row in rows if not asking.why_answer_stays(row)},
        "live": moving and not unclear,  # a page on which a person may be typing an address is left alone
    }


def _editions(item: Item) -> list[Edition]:
    held = EditionItem.objects.filter(item=item, edition__state__in=MAILED)
    return [each.edition for each in held.select_related("edition__digest").order_by("-edition_id")]


def _panel(stands: Stands, decision: Decision | None, error: UserError | None, now: datetime) -> Panel:
    post, words = stands.post, stands.words
    edits = decision.edits if decision and decision.edits else words.edits
    reply = decision.reply if decision and decision.reply else words.reply
    many = len(edits) > 1
    return Panel(
        stands=stands,
        chosen=(decision.choice if decision else stands.proposed).value,
        options=tuple(
            (choice.value, str(label), stands.hindrances.get(choice, "")) for choice, label in LABELS.items()
        ),
        edits=tuple(
            _field(post, f"edit-{n}", _label(n) if many else gettext("New text"), text)
            for n, text in enumerate(edits)
        ),
        reply=_field(post, "reply", gettext("Text of the answer"), reply),
        cost=costs.of_answer(post, answer_part(post, reply), now=now),
        error=error,
    )


def _label(part: int) -> str:
    return gettext("New text of part %(part)s") % {"part": part + 1}


def _field(post: Post, name: str, label: str, text: str) -> Field:
    (part,) = measured(post.channel, [text])
    return Field(f"{post.pk}-{name}", name, label, text, part)
