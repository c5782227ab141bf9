"""The SMTP client. `Session(server).send(messages)` yields one `Result` for each message, in order.

replies.py reads what a server says, outcomes.py says what it means, wire.py moves bytes within time limits,
connection.py opens and secures a connection, session.py sends. url.py reads the address of the server.
"""

from publisher.delivery.email.outgoing import Answer, Outgoing, Result, Withdrawn
from publisher.delivery.email.smtp.connection import Limits
from publisher.delivery.email.smtp.session import Session
from publisher.delivery.email.smtp.url import MailServer, parse_mail_url

__all__ = ["Answer", "Limits", "MailServer", "Outgoing", "Result", "Session", "Withdrawn", "parse_mail_url"]
