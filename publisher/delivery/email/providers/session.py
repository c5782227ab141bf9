"""Sending through a provider's API, one answer for each message, in order.

Consecutive messages of one template go in one call where the provider has such calls and the answer tells them apart. A call
that is refused as a whole is halved until the message at fault is found, which alone is Rejected.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError
from django.utils.translation import gettext_noop

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, SenderRefused, Unknown
from publisher.delivery.email.address import BadAddress
from publisher.delivery.email.headers import BadHeader
from publisher.delivery.email.outgoing import Ahead, Answer, Outgoing, Result, Withdrawn, always
from publisher.delivery.email.providers.backends import backend_of, open_backend, opening_errors
from publisher.delivery.email.providers.calls import Call, call_of
from publisher.delivery.email.providers.content import Letter, letter_of
from publisher.delivery.email.providers.listing import UNREADABLE, answers_of
from publisher.delivery.email.providers.outcomes import error_of, failure_of
from publisher.delivery.email.providers.provider import Merging
from publisher.delivery.email.providers.reading import Said, said_in
from publisher.delivery.email.providers.url import Account
from publisher.render.slots import SlotError

MOST_BYTES = 10_000_000
"""Of the messages in one call; every API that takes many at once takes more."""

REPEATS = 2
"""How often a call is repeated whose answer was lost, where the provider knows it again."""

FAILED_THERE = 500
"""The status of an error that may be due to this very message: it costs the message a try, and the round ends."""

KEY_REFUSED = (401, 403)
"""Statuses that are said of the key or its rights, where no rule knows better."""

GIVEN = ("sent", "queued")
REFUSED = ("invalid", "rejected", "failed")
"""What anymail calls messages that a provider took, and those that it did not take."""


@dataclass(frozen=True)
class HttpLimits:
    """Seconds to connect, and to wait for an answer after the request is written."""

    connect: float = 10
    answer: float = 60


def at_once(_count: int) -> bool:
    """Whatever a call takes may leave."""
    return True


class ProviderSession:
    """A user of one account at a provider, over connections that stay open. Not for use by two threads."""

    gives_way = False

    def __init__(
        self,
        account: Account,
        limits: HttpLimits | None = None,
        *,
        before_call: Callable[[int], bool] = at_once,
    ) -> None:
        """`before_call` is told how many messages a call takes, and returns when so many may leave; False: they may not."""
        limits = limits or HttpLimits()
        self._before_call = before_call
        batch = account.provider.batch
        self.flight = batch.most if batch else 1
        self._account = account
        self._backend = backend_of(account, (limits.connect, limits.answer))

    def __str__(self) -> str:
        return str(self._account)

    def send(self, messages: Iterable[Outgoing], may_go: Callable[[], bool] = always) -> Generator[Result]:
        """As `Transport.send` says. An answer that never came ends the round: Retry is raised after its results."""
        upcoming = Ahead(messages)
        while (message := upcoming.take()) is not None:
            letter = _letter(message)
            if isinstance(letter, Result):
                yield letter
                continue
            letters = [letter]
            unreadable = self._gather(letters, upcoming)
            yield from self._deliver(letters, may_go)
            if unreadable:
                yield unreadable

    def close(self) -> None:
        """Close the connections."""
        self._backend.close()

    def _gather(self, letters: list[Letter], upcoming: Ahead) -> Result | None:
        """Add what may go in the same call; a result when the next message is none that can go at all."""
        size = len(letters[0].raw)
        while len(letters) < self.flight and (message := upcoming.peek()) is not None:
            letter = _letter(message)
            if isinstance(letter, Result):
                upcoming.take()
                return letter
            size += len(letter.raw)
            if size > MOST_BYTES or not self._fits(letter, letters):
                return None
            upcoming.take()
            letters.append(letter)
        return None

    def _fits(self, letter: Letter, letters: Sequence[Letter]) -> bool:
        """No address twice in a call: what is a recipient's own goes by the address."""
        first = letters[0]
        if isinstance(self._account.provider.batch, Merging) and letter.form is not first.form:
            return False
        address = letter.to.address.casefold()
        return letter.form.sender == first.form.sender and all(
            each.to.address.casefold() != address for each in letters
        )

    def _deliver(self, letters: Sequence[Letter], may_go: Callable[[], bool]) -> Generator[Result]:
        """One call. Answers hold HTTP's status as their code up to here; for all others a code is one of SMTP."""
        if not self._before_call(len(letters)) or not may_go():
            raise Withdrawn
        started = time.monotonic()
        answers = self._answers(letters)
        seconds = time.monotonic() - started
        whole = answers.error if isinstance(answers, Answer) else None
        if isinstance(whole, Rejected) and len(letters) > 1:
            half = len(letters) // 2
            yield from self._deliver(letters[:half], may_go)
            yield from self._deliver(letters[half:], may_go)
            return
        trouble: OtherSideError | None = None
        for letter, answer in zip(letters, _for_each(answers, letters), strict=True):
            if isinstance(answer.error, ChannelDown):
                trouble = answer.error
            else:
                yield Result(letter.id, answer._replace(code=0), seconds)
        if trouble:
            raise trouble
        if whole and not isinstance(whole, Rejected):
            raise Retry(
                gettext_noop("%(account)s is in trouble: %(why)s")
                % {"account": self._account, "why": whole.reason}
            )

    def _answers(self, letters: Sequence[Letter]) -> Answer | Sequence[Answer]:
        """One answer for each, or one for all when the call was answered as a whole, and not with yes.

        Raises ChannelDown or Retry when nothing was accepted, for a reason that is no message's.
        """
        answers = self._ask(letters)
        repeats = REPEATS if self._account.provider.idempotency else 0
        while isinstance(answers, Answer) and isinstance(answers.error, Unknown) and repeats:
            repeats -= 1
            if not self._before_call(len(letters)):
                break
            again = self._ask(letters)
            if not isinstance(again, Answer):  # a refusal of the repetition says nothing of the first
                answers = again
        if (
            isinstance(answers, Answer)
            and isinstance(answers.error, ChannelDown | Retry)
            and answers.code != FAILED_THERE
        ):
            raise answers.error
        return answers

    def _ask(self, letters: Sequence[Letter]) -> Answer | Sequence[Answer]:
        try:
            call = self._call_of(letters)
            try:
                response = self._backend.post_to_esp(call.payload, call.message)
            except UNREADABLE as error:
                if isinstance(error, AnymailError):
                    raise
                return Answer(
                    Unknown(
                        gettext_noop("%(account)s answered with what cannot be read.")
                        % {"account": self._account}
                    )
                )
            if call.listing:
                return self._answers_in(response, call)
            return self._answers_by_address(response, call)
        except AnymailAPIError as error:
            if error.response is None:
                return self._failed(error)
            return self._refused(said_in(error.response), letters)
        except (AnymailError, SlotError) as error:
            return Answer(
                Rejected(gettext_noop("Not sent: %(why)s.") % {"why": self._hidden(str(error.args[0]))})
            )

    def _call_of(self, letters: Sequence[Letter]) -> Call:
        try:
            open_backend(self._backend)
        except opening_errors() as error:
            raise ChannelDown(
                gettext_noop("%(account)s cannot be used: %(why)s")
                % {"account": self._account, "why": self._hidden(str(error))}
            ) from error
        return call_of(self._backend, self._account.provider, letters)

    def _answers_in(self, response: Any, call: Call) -> Answer | Sequence[Answer]:
        """The answers of a call that carried many whole messages; when it is refused as a whole, they are not there."""
        assert call.listing  # noqa: S101 - asked for by the caller
        answers = answers_of(
            response,
            call.listing.read,
            lambda status, body: self._refused(Said(status, body), call.letters),
        )
        if len(answers) == len(call.letters):
            return answers
        return self._refused(said_in(response), call.letters)

    def _answers_by_address(self, response: Any, call: Call) -> Answer | Sequence[Answer]:
        """The answers as anymail reads them. A recipient may be refused in a call that is answered with 200."""
        said = said_in(response)
        try:
            found = self._backend.parse_recipient_status(response, call.payload, call.message)
        except UNREADABLE:
            return self._refused(said, call.letters)
        answers = []
        for letter in call.letters:
            about = found.get(letter.to.address)
            if about is None or about.status not in (*GIVEN, *REFUSED):
                answers.append(self._refused(said, call.letters))
            elif about.status in GIVEN:
                answers.append(Answer(None, said.status, remote_id=str(about.message_id or "")))
            else:
                answers.append(self._refused(replace(said, status=max(said.status, 400)), call.letters))
        return answers

    def _refused(self, said: Said, letters: Sequence[Letter]) -> Answer:
        """What was said of letters of one sender."""
        words = self._hidden(said.words)
        answered = (
            gettext_noop("%(account)s answered %(status)s: %(words)s")
            if words
            else gettext_noop("%(account)s answered %(status)s")
        )
        reason = answered % {"account": self._account, "status": said.status, "words": words}
        error = error_of(self._account.scheme, said, reason, sender=letters[0].form.sender.address)
        if (
            isinstance(error, ChannelDown)
            and not isinstance(error, SenderRefused)
            and said.status in KEY_REFUSED
        ):
            error = ChannelDown(
                f"{reason}. " + gettext_noop("The key that it refuses stands in PUBLISHER_MAIL.")
            )
        return Answer(error, said.status, text=f"{said.status} {words}".strip())

    def _failed(self, error: AnymailAPIError) -> Answer:
        """No answer came, or none that can be read."""
        kind, how = failure_of(error.__cause__ or error)
        return Answer(kind(f"{self._account}: {how}."))

    def _hidden(self, text: str) -> str:
        for secret in self._account.secrets:
            text = text.replace(secret, "…")
        return text


def _letter(message: Outgoing) -> Letter | Result:
    try:
        return letter_of(message)
    except (BadAddress, BadHeader, SlotError) as error:
        return Result(message.id, Answer(Rejected(gettext_noop("Not sent: %(why)s.") % {"why": error})), 0.0)


def _for_each(answers: Answer | Sequence[Answer], letters: Sequence[Letter]) -> Sequence[Answer]:
    return [answers] * len(letters) if isinstance(answers, Answer) else answers
