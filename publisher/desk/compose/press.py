"""One request of the composer: what was typed, which button was pressed, what came of it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import preflight
from publisher.desk.access import user_of
from publisher.desk.compose import arranging, pictures
from publisher.desk.compose.columns import Said, as_stored, columns_of, focuses, is_unsaved, others, posts_of
from publisher.desk.compose.saving import Keeper, strong_warnings
from publisher.desk.compose.typed import Typed, typed_in, written_in
from publisher.desk.page import show
from publisher.desk.review.held import waits_of
from publisher.items.models import Item
from publisher.social import approval, choosing
from publisher.social.models import Post
from publisher.social.preflight import is_ready

LINK_SECONDS_BEFORE_APPROVAL = 3.0


class Press:
    """One request of the composer: what was typed, what was asked for, and what came of it."""

    def __init__(self, request: HttpRequest, item: Item) -> None:
        self.request, self.item, self.now = request, item, clock.now()
        self.posts = posts_of(item, written=written_in(request.POST))
        self.typed: dict[int, Typed] = typed_in(request.POST, self.posts)
        self.said: dict[int, Said] = {}
        self.keeper = Keeper(user=user_of(request), typed=self.typed, said=self.said, now=self.now)

    def run(self, verb: str, rest: list[int]) -> HttpResponse:
        """Do it, and show the page with what is left to be done."""
        all_at_once: dict[str, Callable[[], None]] = {
            "check": self._check,
            "save-all": self._save_all,
            "approve-all": self._approve_all,
        }
        if verb in all_at_once:
            all_at_once[verb]()
            return self._answer(saved=verb != "check")
        if verb == "add":
            return self._add(rest[0] if rest else 0)
        post = next((each for each in self.posts if rest and each.pk == rest[0]), None)
        if post is None or post.pk not in self.typed:
            messages.error(self.request, _("There is no such post here any more. Nothing was changed."))
            return self._answer()
        number = rest[1] if len(rest) > 1 else 0
        for_one: dict[str, Callable[[Post], None]] = {
            "save": self._save,
            "approve": self._approve,
            "move": self._move,
            "template": self._template,
            "leave": self._leave,
            "split": self._split,
            "join": self._join,
            "copy": self._copy,
        }
        if verb in for_one:
            for_one[verb](post)
        elif verb in arranging.PARTS:
            fields = self.typed[post.pk]
            fields.texts = arranging.PARTS[verb](fields.texts, number)
            return self._answer()
        elif verb in pictures.DEEDS:
            self._picture(verb, post, number)
        else:
            messages.error(self.request, _("This button is not known. Nothing was changed."))
        return self._answer(saved=verb in ("save", "approve", "move", "template", "leave"))

    def page(self, *, status: int = 200) -> HttpResponse:
        """The page with what is typed."""
        columns = columns_of(self.posts, typed=self.typed, said=self.said, now=self.now)
        context = {
            "item": self.item,
            "columns": columns,
            "others": others(self.item, self.posts),
            "focuses": focuses(),
            "ready": sum(column.ready for column in columns),
            "editable": any(column.can["edit"] for column in columns),
            "now": self.now,
        }
        return show(self.request, "desk/compose/compose.html", context, status=status)

    def _answer(self, *, saved: bool = False) -> HttpResponse:
        """A page of its own when all that was typed is stored, so that loading it again repeats nothing."""
        self.posts = posts_of(self.item, written=self.typed)
        self._forget_what_is_stored()
        refused = any(each.error for each in self.said.values())
        if saved and not self.typed and not refused:
            return redirect("desk:compose", item_id=self.item.pk)
        return self.page(status=409 if self.keeper.stale else 422 if refused and saved else 200)

    def _forget_what_is_stored(self) -> None:
        for post in self.posts:
            fields = self.typed.get(post.pk)
            if fields is None or post.pk in self.said:
                continue
            stored = as_stored(post)
            plain = fields.when == stored.when and not (fields.chosen or fields.override or fields.why)
            texts = [part["text"] for part in post.parts]
            same = "" not in fields.texts[1:] and not is_unsaved(post, fields, texts)
            if same and plain and fields.version == post.version and not fields.new_alt:
                del self.typed[post.pk]

    def _check(self) -> None:
        preflight.check_links(text for fields in self.typed.values() for text in fields.texts)
        messages.info(self.request, _("Everything was measured and every link was asked. Nothing was saved."))

    def _save(self, post: Post) -> None:
        if self.keeper.save(post) is not None:
            self.keeper.settle(post.pk)
            messages.success(self.request, _("Saved: %(channel)s.") % {"channel": post.channel.name})
            self._tell_uncleared([post])

    def _save_all(self) -> None:
        saved = []
        for post in self._changed():
            if self.keeper.save(post) is not None:
                self.keeper.settle(post.pk)
                saved.append(post)
        if saved:
            text = ngettext("%(num)s post is saved.", "%(num)s posts are saved.", len(saved))
            messages.success(self.request, text % {"num": len(saved)})
            self._tell_uncleared(saved)
        if self.said:
            self._tell_refused()
        elif not saved:
            messages.info(self.request, _("Nothing was changed, so nothing was saved."))

    def _approve(self, post: Post) -> None:
        preflight.check_links(self.typed[post.pk].texts, seconds=LINK_SECONDS_BEFORE_APPROVAL)
        if done := self.keeper.approve(post):
            self.keeper.settle(post.pk)
            self._tell_approved([done])

    def _approve_all(self) -> None:
        texts = [text for fields in self.typed.values() for text in fields.texts]
        checks = preflight.check_links(texts, seconds=LINK_SECONDS_BEFORE_APPROVAL)
        done, left = [], []
        for post in self.posts:
            fields = self.typed.get(post.pk)
            waits = post.state in approval.APPROVABLE or (
                fields is not None and fields.kept != [part["text"] for part in post.parts]
            )
            if fields is None or not waits:
                continue
            if not is_ready(preflight.of_post(post, texts=fields.kept, checks=checks, now=self.now)):
                left.append(post.channel.name)
            elif approved := self.keeper.approve(post):
                self.keeper.settle(post.pk)
                done.append(approved)
        self._tell_approved(done)
        if left:
            names = ", ".join(left)
            messages.warning(
                self.request,
                _("Not approved, since something stands against them: %(names)s.") % {"names": names},
            )
        if self.said:
            self._tell_refused()
        elif not done and not left:
            messages.info(self.request, _("There is nothing to approve."))

    def _move(self, post: Post) -> None:
        if self.keeper.move(post):
            fields = self.typed[post.pk]
            fields.when, fields.chosen, fields.override = "", "", ""
            messages.success(
                self.request, _("The time is changed: %(channel)s.") % {"channel": post.channel.name}
            )

    def _template(self, post: Post) -> None:
        fields = self.typed[post.pk]

        def again() -> None:
            approval.redraft(post.pk, user=self.keeper.user, version=fields.version, now=self.now)

        if self._tried(post, again):
            self.keeper.settle(post.pk)
            said = _("Drafted again from the template: %(channel)s.") % {"channel": post.channel.name}
            messages.success(self.request, said)

    def _leave(self, post: Post) -> None:
        fields = self.typed[post.pk]

        def cancel() -> None:
            approval.cancel(
                post.pk, user=self.keeper.user, version=fields.version, reason=fields.why[:500], now=self.now
            )

        if self._tried(post, cancel):
            self.keeper.settle(post.pk)
            said = _("Left out: nothing goes to %(channel)s.") % {"channel": post.channel.name}
            messages.success(self.request, said)

    def _split(self, post: Post) -> None:
        fields = self.typed[post.pk]
        if self._tried(post, lambda: arranging.split(fields, post.channel)):
            number = len(fields.texts)
            said = ngettext("%(num)s message.", "A thread of %(num)s messages, not saved yet.", number)
            self.said[post.pk] = Said(done=said % {"num": number})

    def _join(self, post: Post) -> None:
        arranging.join(self.typed[post.pk])
        self.said[post.pk] = Said(done=_("One text again, not saved yet."))

    def _copy(self, post: Post) -> None:
        wanted = set(self.request.POST.getlist(f"to-{post.pk}"))
        targets = [
            each
            for each in self.posts
            if str(each.pk) in wanted
            and each.pk in self.typed
            and each.pk != post.pk
            and each.state in approval.EDITABLE
        ]
        if not targets:
            self.said[post.pk] = Said(
                UserError(_("No channel was chosen."), _("Tick one, then copy the text."))
            )
            return
        arranging.copy(self.typed[post.pk], [(self.typed[each.pk], each.channel) for each in targets])
        for each in targets:
            said = _("The text of %(channel)s, not saved yet.") % {"channel": post.channel.name}
            self.said[each.pk] = Said(done=said)
        text = ngettext(
            "The text is copied to %(num)s channel. Nothing is saved yet.",
            "The text is copied to %(num)s channels. Nothing is saved yet.",
            len(targets),
        )
        messages.success(self.request, text % {"num": len(targets)})

    def _picture(self, verb: str, post: Post, number: int) -> None:
        fields = self.typed[post.pk]
        deed = pictures.DEEDS[verb]
        if self._tried(post, lambda: deed(self.request, post, fields, number, self.now)):
            self.said[post.pk] = Said(done=pictures.DONE[verb]())

    def _add(self, channel_id: int) -> HttpResponse:
        try:
            post = choosing.add_channel(self.item.pk, channel_id, user=self.keeper.user, now=self.now)
        except UserError as error:
            messages.error(self.request, f"{error.message} {error.hint}".strip())
            return self._answer()
        messages.success(self.request, _("Drafted for %(channel)s.") % {"channel": post.channel.name})
        return self._answer(saved=True)

    def _tried(self, post: Post, deed: Callable[[], None]) -> bool:
        """Whether it was done; what was typed is kept if not."""
        try:
            deed()
        except approval.Stale as error:
            self.keeper.conflict(post, error)
            return False
        except UserError as error:
            self.said[post.pk] = Said(error)
            return False
        return True

    def _changed(self) -> list[Post]:
        return [
            post
            for post in self.posts
            if (fields := self.typed.get(post.pk))
            and is_unsaved(post, fields, [part["text"] for part in post.parts])
        ]

    def _tell_refused(self) -> None:
        names = ", ".join(post.channel.name for post in self.posts if post.pk in self.said)
        messages.warning(
            self.request,
            _("Not done for %(names)s: what you typed is kept, and the reason stands there.")
            % {"names": names},
        )

    def _tell_uncleared(self, posts: list[Post]) -> None:
        """What was written may have asked for a clearance just now."""
        if waits := waits_of([post.pk for post in posts]):
            said = _("Nothing of it leaves yet: %(waits)s.")
            messages.warning(self.request, said % {"waits": waits})

    def _tell_approved(self, done: list[Post]) -> None:
        if not done:
            return
        through = [post for post in done if post.state in approval.MOVABLE]
        if through:
            text = ngettext("%(num)s post is approved.", "%(num)s posts are approved.", len(through))
            messages.success(self.request, f"{text % {'num': len(through)}} {_leaves(through)}")
        for post in done:
            if post not in through:
                said = _("Your approval of %(channel)s counts. Somebody else has to approve it too.")
                messages.info(self.request, said % {"channel": post.channel.name})
        self._tell_uncleared(done)
        for warning in strong_warnings(done, now=self.now):
            messages.warning(self.request, warning)


def _leaves(posts: list[Post]) -> str:
    """When posts that were just approved go out."""
    if len(posts) == 1 and posts[0].slot_at:
        return _("It goes out on %(when)s.") % {"when": clock.told(posts[0].slot_at)}
    if any(post.slot_at for post in posts):
        return _("The calendar shows when they go out.")
    return ngettext(
        "It goes out in its channel’s next free slot.",
        "Each goes out in its channel’s next free slot.",
        len(posts),
    )
