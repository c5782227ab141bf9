"""Sending messages over one connection at a time, one answer for each, in order.

With PIPELINING (RFC 2920) the envelope of the next message travels behind the dot of the one before, so a
message costs one round trip. The dot of a message is written only after the caller took the result of the
one before: at any moment at most one message is complete on the wire and unanswered.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Generator, Iterable

from django.utils.translation import gettext_noop

from publisher.core import strands
from publisher.core.errors import ChannelDown, Retry
from publisher.delivery.email.outgoing import Ahead, Answer, Outgoing, Result, Withdrawn, always
from publisher.delivery.email.smtp.connection import Connection, Limits
from publisher.delivery.email.smtp.envelope import DOT, Features, commands, content
from publisher.delivery.email.smtp.outcomes import Step, answer_of, in_doubt, not_sent
from publisher.delivery.email.smtp.url import MailServer
from publisher.delivery.email.smtp.wire import Lost

EVERYTHING = Features(pipelining=True, eight_bit=True, smtputf8=True)
DATA = b"DATA\r\n"
RSET = b"RSET\r\n"
GRANTED_IN_ONE = re.compile(rb"(?:2[0-9][0-9] [^\n]{0,500}\n){2}354(?: [^\n]{0,500})?\n")
"""Sender, recipient and content granted, each in one line, as nearly always: nothing to read out of them."""


class _Dropped(Exception):
    """The connection ended before the message was complete; `answer` says how."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Session:
    """A user of one mail server, which it connects to when there is something to send, and again when needed.

    Not for use by two threads. Close it, or use it as a context manager.
    """

    flight = 1
    gives_way = True

    def __init__(
        self, server: MailServer, limits: Limits | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._server = server
        self._limits = limits or Limits()
        self._tls = tls
        self._connection: Connection | None = None
        self._announced: int | None = None
        self._clean = True
        self._drops = 0
        self._may_go: Callable[[], bool] = always

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, messages: Iterable[Outgoing], may_go: Callable[[], bool] = always) -> Generator[Result]:
        """Send each message and yield its result; settle it before asking for the next.

        `may_go` is asked right before the content of each message is sent, however long connecting took; when it
        says no, Withdrawn is raised.

        One message is taken from `messages` ahead of its turn. Ending the iteration early is safe: what
        gave no result was not accepted. Raises ChannelDown or Retry when the server itself cannot be used
        (no connection, no TLS, login refused, one connection after the other lost): what gave no result was
        not accepted, and can be released.
        """
        upcoming = Ahead(messages)
        self._drops, self._may_go = 0, may_go
        try:
            while (message := upcoming.take()) is not None:
                self._clean = False
                started = time.monotonic()
                answer = self._answer(message, upcoming.peek)
                if isinstance(answer.error, ChannelDown):
                    raise answer.error
                self._clean = self._announced is None
                yield Result(message.id, answer, time.monotonic() - started)
                if self._drops >= self._limits.drops:
                    raise Retry(
                        gettext_noop("The mail server %(server)s broke off %(drops)s times in a row.")
                        % {"server": self._server, "drops": self._drops}
                    )
        finally:
            if not self._clean:
                self._drop()

    def close(self) -> None:
        """Part from the server."""
        if self._connection and self._clean:
            self._connection.quit()
        self._drop()

    def _answer(self, message: Outgoing, peek: Callable[[], Outgoing | None]) -> Answer:
        """The answer for one message. A used connection that ends before the dot is replaced once, unseen."""
        if self._connection is None and isinstance(refusal := commands(message, EVERYTHING), Answer):
            return refusal
        while True:
            connection = self._usable()
            was_used = connection.answered > 0
            try:
                answer = self._exchange(connection, message, peek)
            except _Dropped as dropped:
                self._drop()
                if was_used:
                    continue
                answer = dropped.answer
            broke_off = self._connection is None and not answer.accepted
            self._drops = self._drops + 1 if broke_off else 0
            connection.answered += 1
            return answer

    def _usable(self) -> Connection:
        """The open connection when it is still good, else a new one."""
        connection = self._connection
        if (
            connection
            and self._announced is None
            and not (connection.is_usable and connection.wire.is_quiet())
        ):
            connection.quit()
            connection = None
        if connection is None:
            connection = strands.elsewhere(lambda: Connection.open(self._server, self._limits, self._tls))
            self._connection = connection
        return connection

    def _exchange(
        self, connection: Connection, message: Outgoing, peek: Callable[[], Outgoing | None]
    ) -> Answer:
        refusal = self._announce(connection, message)
        if refusal:
            return refusal
        following, envelope = self._next_envelope(connection, peek)
        body = content(message)
        if not self._may_go():
            raise Withdrawn
        if not connection.wire.is_quiet():
            # What has come already must not be taken for the answer to this message.
            raise _Dropped(not_sent(gettext_noop("The server answered before its turn.")))
        try:
            connection.wire.write(b"".join((body, DOT, envelope)), self._limits.write)
        except Lost as lost:
            if lost.sent >= len(body) + len(DOT):
                return self._lost_after_dot(lost)
            raise _Dropped(self._early_answer(connection, lost)) from lost
        self._announced = following
        try:
            reply = connection.wire.read_reply(self._limits.final)
        except Lost as lost:
            return self._lost_after_dot(lost)
        if reply.code == 421 or 300 <= reply.code <= 399:
            self._drop()
        return answer_of(Step.DOT, reply)

    def _announce(self, connection: Connection, message: Outgoing) -> Answer | None:
        """Get the server to take the content; an answer when it does not come to that."""
        try:
            if self._announced == message.id:
                self._announced = None
                return self._read_envelope(connection)
            envelope = commands(message, connection.features)
            if isinstance(envelope, Answer):
                return envelope
            if connection.features.pipelining:
                prefix = RSET if connection.needs_reset else b""
                connection.wire.write(prefix + b"".join(envelope) + DATA, self._limits.write)
                return self._read_envelope(connection)
            return self._ask_in_turn(connection, envelope)
        except Lost as lost:
            raise _Dropped(
                not_sent(
                    gettext_noop("The connection ended before the message was sent: %(why)s.")
                    % {"why": lost.reason}
                )
            ) from lost

    def _ask_in_turn(self, connection: Connection, envelope: tuple[bytes, bytes]) -> Answer | None:
        """The envelope for a server without PIPELINING: each command waits for the reply before."""
        steps = [(Step.MAIL, envelope[0]), (Step.RCPT, envelope[1]), (Step.DATA, DATA)]
        if connection.needs_reset:
            steps.insert(0, (Step.RSET, RSET))
        for step, command in steps:
            answer = _checked(answer_of(step, connection.ask(command)), must_succeed=step is Step.RSET)
            if answer.error:
                connection.needs_reset = True
                return answer
        connection.needs_reset = False
        return None

    def _read_envelope(self, connection: Connection) -> Answer | None:
        """The replies to an envelope sent in one piece.

        The first refusal counts; those after it only follow from it.
        """
        read = connection.wire.read_reply
        if not connection.needs_reset and connection.wire.skip(GRANTED_IN_ONE):
            return None
        if connection.needs_reset:
            _checked(answer_of(Step.RSET, read(self._limits.reply)), must_succeed=True)
            connection.needs_reset = False
        answers = [
            _checked(answer_of(step, read(self._limits.reply))) for step in (Step.MAIL, Step.RCPT, Step.DATA)
        ]
        refusal = next((answer for answer in answers if answer.error), None)
        if refusal is None:
            return None
        connection.needs_reset = True
        if not answers[2].error:
            self._abandon(connection, recipient_taken=not answers[1].error)
        return refusal

    def _abandon(self, connection: Connection, *, recipient_taken: bool) -> None:
        """End a transaction whose DATA was granted although the envelope was refused (RFC 2920 section 3.1).

        A lone dot ends it, and nobody gets anything since there is no recipient. If there is one, hang up
        instead.
        """
        if recipient_taken:
            self._drop()
        else:
            connection.ask(b".\r\n")

    def _next_envelope(
        self, connection: Connection, peek: Callable[[], Outgoing | None]
    ) -> tuple[int | None, bytes]:
        """The message to announce behind the dot of this one, and its envelope; None when unwise."""
        if not connection.features.pipelining:
            return None, b""
        following = peek()
        if following is None or connection.answered + 1 >= self._limits.messages or not connection.is_usable:
            return None, b""
        envelope = commands(following, connection.features)
        if isinstance(envelope, Answer):
            return None, b""
        return following.id, b"".join(envelope) + DATA

    def _early_answer(self, connection: Connection, lost: Lost) -> Answer:
        """What the server said before it hung up, if it said something; else how the write failed."""
        reply = connection.wire.waiting_reply()
        if reply and 400 <= reply.code <= 599:
            return answer_of(Step.DOT, reply)
        return not_sent(
            gettext_noop("The connection ended while the message was being sent: %(why)s.")
            % {"why": lost.reason}
        )

    def _lost_after_dot(self, lost: Lost) -> Answer:
        self._drop()
        return in_doubt(
            gettext_noop("The whole message was sent and no answer came: %(why)s.") % {"why": lost.reason}
        )

    def _drop(self) -> None:
        if self._connection:
            self._connection.wire.close()
        self._connection = None
        self._announced = None


def _checked(answer: Answer, *, must_succeed: bool = False) -> Answer:
    """Hand the answer on, unless it makes the connection useless: a 421, or a reply that makes no sense."""
    if answer.error and (must_succeed or answer.code == 421 or answer.code < 400):
        raise _Dropped(answer)
    return answer
