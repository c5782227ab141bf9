"""PUBLISHER_MAIL: what is wrong with it is said in one sentence, with a form that is right and without its secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.email.setting import SCHEMES, problem, read
from publisher.delivery.email.smtp import MailServer

KEY = "geheim"


@pytest.mark.parametrize(
    ("text", "told", "right"),
    [
        ("smtp:/geheim", "it has to begin with smtp://", "smtp://user:password@mail.example.org:587"),
        ("smtp:u:geheim@h?token_url=https://x", "it has to begin with smtp://", "smtp://user"),
        ("mailgun:geheim@mg.example.org", "it has to begin with mailgun://", "mailgun://API_KEY@mg"),
        ("mail.example.org:587", "it does not begin with a way to send mail", "smtp://user:password@mail"),
        ("anna:geheim@mail.example.org", "it does not begin with a way to send mail", "smtp://user"),
        ("SG.geheim-1://x", "it does not begin with a way to send mail", "smtp://user"),
        ("smpt://anna:geheim@h", "it begins with smpt:// where smtp:// may be meant.", "smtp://user"),
        (
            "postmrk://geheim@",
            "it begins with postmrk:// where postmark:// may be meant.",
            "postmark://SERVER_TOKEN@",
        ),
        ("https://geheim@h", "it begins with https://, which is no way to send mail.", "smtp://user"),
        ("smtp://anna:geheim@h:99999", "no readable host and port", "smtp://user"),
        ("smtp://anna:geheim@h:x", "no readable host and port", "smtp://user"),
        ("smtp://a?geheim=1@h", "has a ? before its host", "smtp://user"),
        ("smtp://anna:geheim@h?tls=on", "has no option 'tls'", "smtp://user"),
        ("smtp://anna:geheim@a b", "names a host that cannot be one", "smtp://user"),
        ("mailgun://geheim", "Mailgun lacks its user", "mailgun://API_KEY@mg"),
    ],
)
def test_what_is_wrong_is_said_with_a_form_that_is_right(text: str, told: str, right: str) -> None:
    wrong = problem(text)
    assert wrong is not None
    assert wrong.message.startswith("PUBLISHER_MAIL cannot be used: ")
    assert told in wrong.message
    assert f"Example: PUBLISHER_MAIL={right}" in wrong.hint
    assert KEY not in wrong.message + wrong.hint


@pytest.mark.parametrize("text", ["", "smtp://h", "SMTPS://u:p@h", " mailgun://KEY@mg.example.org "])
def test_what_can_be_read_is_no_problem(text: str) -> None:
    assert problem(text) is None


def test_it_names_the_server_without_the_login() -> None:
    found = read("smtp://anna:geheim@mail.example.org")
    assert isinstance(found, MailServer)
    assert str(found) == "smtp://mail.example.org:587"


@given(
    st.sampled_from(SCHEMES),
    st.sampled_from(["", "/", "x", "@", "?", "#", ":", "1"]),
    st.text("x@:/?#.", max_size=9),
)
def test_whatever_is_written_around_it_a_password_is_not_repeated(
    scheme: str, before: str, after: str
) -> None:
    for text in (
        f"{scheme}://u:{before}{KEY}{after}@h",
        f"{scheme}:{before}{KEY}{after}",
        f"{KEY}{before}://{after}",
    ):
        wrong = problem(text)
        assert wrong is None or KEY not in wrong.message + wrong.hint
