"""The composer: one item, all its channels side by side, one form. `press.py` carries its buttons out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from publisher.core.numbers import number_in
from publisher.desk.access import forbidden
from publisher.desk.compose.press import Press
from publisher.desk.compose.previewing import shown_part
from publisher.desk.page import show
from publisher.desk.posts.measuring import measured
from publisher.items.models import Item
from publisher.people.permissions import PUBLISH
from publisher.social.accounts import preview_of
from publisher.social.models import Post

NEEDS_PUBLISH = frozenset({"approve", "approve-all", "move", "leave"})


@require_GET
def page(request: HttpRequest, item_id: int) -> HttpResponse:
    """All posts of the item, to be written."""
    return Press(request, _item(item_id)).page()


@require_POST
def act(request: HttpRequest, item_id: int) -> HttpResponse:
    """One of the form's buttons: `do` is its verb, and for which post (`save:12`) or part (`remove:12:1`)."""
    item = _item(item_id)
    verb, *rest = request.POST.get("do", "check").split(":")
    if verb in NEEDS_PUBLISH and not request.user.has_perm(PUBLISH):
        return forbidden(request, PUBLISH)
    return Press(request, item).run(
        verb, [-1 if (number := number_in(each)) is None else number for each in rest]
    )


@require_POST
def measure(request: HttpRequest, item_id: int, post_id: int, part: int) -> HttpResponse:
    """A fragment for htmx: counter and preview of one part as it is being typed."""
    known = Post.objects.select_related("channel__health", "item__picture")
    post = get_object_or_404(known, pk=post_id, item_id=item_id)
    texts = [text.replace("\r\n", "\n") for text in request.POST.getlist(f"text-{post_id}")]
    if part >= len(texts):
        return HttpResponse(status=400)
    context = {
        "post": post,
        "part": measured(post.channel, texts)[part],
        "each": shown_part(post, part, texts[part]),
        "look": preview_of(post.channel),
        "key": f"{post.pk}-",
    }
    return show(request, "desk/compose/_measured.html", context)


def _item(item_id: int) -> Item:
    return get_object_or_404(Item.objects.select_related("source", "picture"), pk=item_id)
