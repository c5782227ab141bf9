"""Whether an article fits WeChat: its title, and its content as HTML."""

from __future__ import annotations

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
        return Measure(length, rules.limit, False, "the article has no title")
    if title > rules.title:
        why = f"the title, its first line, is {title} characters long, and {rules.title} fit (a Latin letter is half of one)"
        return Measure(length, rules.limit, False, why)
    if length > rules.limit:
        return Measure(length, rules.limit, False, f"{length - rules.limit} characters too long")
    if len(content.encode("utf-8", "surrogatepass")) >= MOST_BYTES:
        return Measure(length, rules.limit, False, "its content is larger than 1 MB")
    return Measure(length, rules.limit, True)
