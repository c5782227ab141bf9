"""Whether an article fits WeChat: its title, and its content as HTML."""

from __future__ import annotations

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks.wechat import article
from publisher.social.networks.wechat.rules import MOST_BYTES, Rules


def measure(text: str, rules: Rules) -> Measure:
    """`length` and `limit` in characters of the content's HTML."""
    read = article.read(text)
    content = "".join(read.html())
    length = len(content)
    title = (article.size(read.title) + 1) // 2
    if not read.title:
        return Measure(length, rules.limit, False, gettext_noop("the article has no title"))
    if title > rules.title:
        why = gettext_noop(
            "the title, its first line, is %(title)s characters long, and %(title2)s fit (a Latin letter is half of one)"
        ) % {"title": title, "title2": rules.title}
        return Measure(length, rules.limit, False, why)
    if length > rules.limit:
        return Measure(
            length,
            rules.limit,
            False,
            gettext_noop("%(length)s characters too long") % {"length": length - rules.limit},
        )
    if len(content.encode("utf-8", "surrogatepass")) >= MOST_BYTES:
        return Measure(length, rules.limit, False, gettext_noop("its content is larger than 1 MB"))
    return Measure(length, rules.limit, True)
