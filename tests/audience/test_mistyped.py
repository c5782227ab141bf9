"""Mistyped providers are asked about; real ones never, however much they look alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.audience.mistyped import PROVIDERS, SHORT, Spelling, settled, suggestion
from publisher.delivery.pacing.providers import _FAMILIES

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-."
LOCALS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,20}", fullmatch=True)
DOMAINS = st.from_regex(r"([a-z0-9]{1,12}\.){1,2}[a-z]{2,6}", fullmatch=True)
LONG = [each for each in PROVIDERS if len(each.partition(".")[0]) > SHORT]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("mgail.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.cm", "gmail.com"),
        ("GMIAL.COM", "gmail.com"),
        ("hotnail.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("yahoo.cmo", "yahoo.com"),
        ("yahoo.couk", "yahoo.co.uk"),
        ("163.con", "163.com"),
        ("126.cm", "126.com"),
        ("qq.vom", "qq.com"),
        ("sina.cim", "sina.com"),
        ("foxmial.com", "foxmail.com"),
        ("web.ed", "web.de"),
        ("t-onlin.de", "t-online.de"),
        ("gmx.dde", "gmx.de"),
        ("wanado.fr", "wanadoo.fr"),
        ("orange.ft", "orange.fr"),
    ],
)
def test_a_mistyped_provider_is_found(written: str, meant: str) -> None:
    assert suggestion(f"Mira.Sand+news@{written}") == f"Mira.Sand+news@{meant}"


REAL = """
gmx.eu gmx.us gmx.li gmx.org gmx.co.uk mail.com email.com ymail.com aol.de aol.fr aol.co.uk gmail.de
yahoo.ca yahoo.es yahoo.se yahoo.dk yahoo.in yahoo.it yahoo.co.jp yahoo.co.in yahoo.com.br yahoo.com.cn
hotmail.es hotmail.dk hotmail.be live.cn live.dk live.nl outlook.es outlook.dk outlook.be outlook.jp
t-online.hu web.dk orange.pl orange.com free.de freenet.at laposte.fr bluewin.com 139.com 189.cn wo.cn 263.net
gmc.com gm.de qqq.com q.com msc.com aal.de all.com hmail.com fmail.com mailbox.de office.example.org
bücher.example 例子.中国 localhost
"""


@pytest.mark.parametrize("domain", [*_FAMILIES, *sum(_FAMILIES.values(), ()), *REAL.split(), ""])
def test_a_real_one_is_never_asked_about(domain: str) -> None:
    assert suggestion(f"mira@{domain}") == ""


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_listed_one_is_itself(provider: str) -> None:
    assert suggestion(f"mira@{provider}") == ""


def one_edit(word: str) -> set[str]:
    """Everything that one edit makes of it, written the long way."""
    cuts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    lost = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    changed = {a + letter + b[1:] for a, b in cuts if b for letter in LETTERS}
    added = {a + letter + b for a, b in cuts for letter in LETTERS}
    return (lost | swapped | changed | added) - {word}


NEAR = {provider: one_edit(provider) for provider in PROVIDERS}


@given(
    local=LOCALS,
    domain=DOMAINS | st.sampled_from(LONG).flatmap(lambda each: st.sampled_from(sorted(NEAR[each]))),
)
def test_what_is_suggested_is_a_listed_provider_one_edit_away_and_final(local: str, domain: str) -> None:
    found = suggestion(f"{local}@{domain}")
    if found:
        kept, _, provider = found.rpartition("@")
        assert kept == local
        assert domain in NEAR[provider]
        assert suggestion(found) == ""


@given(provider=st.sampled_from(LONG), data=st.data())
def test_every_edit_within_a_long_name_is_found(provider: str, data: st.DataObject) -> None:
    name, dot, rest = provider.partition(".")
    edited = data.draw(
        st.sampled_from(sorted(each for each in one_edit(name) if each[:1] == name[0] and "." not in each))
    )
    domain = f"{edited}{dot}{rest}"
    assert (suggestion(f"mira@{domain}") != "") is (domain not in PROVIDERS)


@given(text=st.text())
def test_any_text_is_no_error(text: str) -> None:
    suggestion(text)
    settled(text, text)


def test_an_answer_settles_the_address_that_it_is_about() -> None:
    written, meant = "mira@gmial.com", "mira@gmail.com"
    assert settled(written, "") == Spelling(written, meant)
    assert settled(written, meant) == Spelling(meant)
    assert settled(written, written) == Spelling(written)


@pytest.mark.parametrize("answer", ["mira@gmail.com", "mira@gmial.com", "otto@evil.example"])
def test_an_answer_about_another_address_than_the_one_written_since_is_none(answer: str) -> None:
    assert settled("mira@hotnail.com", answer) == Spelling("mira@hotnail.com", "mira@hotmail.com")
    assert settled("mira@example.net", answer) == Spelling("mira@example.net")
