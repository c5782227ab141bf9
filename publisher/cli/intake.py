"""Commands that bring items in, and show what was refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from publisher.audience.regions import region_code
from publisher.cli.report import Report, reporting
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.items import importing, rejections, sources
from publisher.items.envelope import MAX_ENTRY
from publisher.items.importing import Imported
from publisher.items.languages import normalise_tag
from publisher.items.models import Rejection, Source


@click.command("import-feed")
@click.argument("place", metavar="URL|FILE")
@click.option("--source", required=True, help="Whose items these are; made when it is new.")
@reporting
def import_feed(place: str, source: str) -> Report:
    """Import an RSS, Atom or JSON feed, and say what became of each entry. `-` reads standard input."""
    return _report(importing.import_feed(place, source=source, now=clock.now()))


@click.command("import-page")
@click.argument("place", metavar="FILE|URL")
@click.option("--source", required=True, help="Whose items these are; made when it is new.")
@click.option("--language", default="", help="BCP 47, for entries that do not show theirs.")
@reporting
def import_page(place: str, source: str, language: str) -> Report:
    """Import the text or HTML of a page that lists what is new. `-` reads standard input."""
    return _report(importing.import_page(place, source=source, language=_language(language), now=clock.now()))


@click.command("add-item")
@click.argument("file", metavar="FILE|-")
@click.option("--source", default="", help="Whose item this is; without it, what the event says.")
@reporting
def add_item(file: str, source: str) -> Report:
    """Add one item or CloudEvent (JSON) to the stream, and say what became of it."""
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as opened:
            payload = opened.read(MAX_ENTRY + 1)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", "Give a file of JSON, or -.") from error
    report = _report(importing.import_entry(payload, source=source, now=clock.now()))
    return Report(report.data, report.text, ok=not report.data["rejected"])


@click.command()
@click.option("--source", default="", help="Only what this source sent.")
@click.option("--most", default=50, show_default=True, help="So many, the latest first.")
@reporting
def rejected(source: str, most: int) -> Report:
    """Show the entries that were refused: why, and what their producer can do."""
    rows = rejections.latest(source=source, most=most)
    text = "\n".join(_rejection_text(row) for row in rows) or "Nothing was refused."
    return Report({"rejected": [_rejection_data(row) for row in rows]}, text)


@click.command("sources")
@reporting
def list_sources() -> Report:
    """List the sources, with their feeds and what went wrong with them."""
    rows = [
        {
            "name": source.name,
            "language": source.language,
            "country": source.country,
            "enabled": source.enabled,
            "api_key": source.api_key_fingerprint is not None,
            "feed_url": source.feed_url,
            "next_poll_at": source.next_poll_at,
            "failures": source.failures,
            "last_error": source.last_error,
        }
        for source in Source.objects.order_by("name")
    ]
    text = "\n".join(_source_text(row) for row in rows) or "There are no sources yet."
    return Report({"sources": rows}, text)


@click.command("add-source")
@click.argument("name")
@click.option("--label", default="", help="How people call it.")
@click.option("--language", default="en", show_default=True, help="BCP 47, for entries that name none.")
@click.option(
    "--country", default="", help="Whose office it is, such as KE, for pauses; of an existing source, too."
)
@click.option("--feed", default="", metavar="URL", help="An RSS, Atom or JSON feed to poll.")
@click.option("--api-key", is_flag=True, help="Give it a key for the API, shown once.")
@click.option("--new-key", is_flag=True, help="Give an existing source a new key; the old one ends.")
@reporting
def add_source(
    name: str, *, label: str, language: str, country: str, feed: str, api_key: bool, new_key: bool
) -> Report:
    """Add a source: whoever hands in items by API or feed. Others are made by their first entry."""
    if feed and not feed.startswith(("http://", "https://")):
        raise UserError(f"{feed} is not an http or https address.", "Give the feed's full address.")
    code = _country(country)
    changes = new_key or (code and not feed and not api_key)
    known = Source.objects.filter(name=name).first() if changes else None
    source = known or sources.add(
        name,
        label=label,
        language=_language(language) or "en",
        feed_url=feed,
        now=clock.now(),
        actor=audit.os_user(),
    )
    if code:
        sources.set_country(source, code, actor=audit.os_user())
    data: dict[str, Any] = {"name": source.name, "feed_url": source.feed_url, "country": source.country}
    text = f"Items of {source.name} are taken." + (f" {feed} is polled." if feed else "")
    if api_key or new_key:
        data["api_key"] = sources.give_key(source, actor=audit.os_user())
        text += f"\nAPI key, shown only now: {data['api_key']}"
    return Report(data, text)


def _report(imported: Imported) -> Report:
    lines = [str(imported)]
    for each in imported.rejected:
        lines += [f"  {each.where}: {each.reason} [{each.code}]", f"    {each.text}", f"    {each.hint}"]
    return Report(imported.as_json(), "\n".join(lines))


def _country(given: str) -> str:
    code = region_code(given) if given else ""
    if code is None:
        raise UserError(f"{given} is no country.", "Use two letters such as KE (ISO 3166-1).")
    return code


def _language(tag: str) -> str:
    found = normalise_tag(tag) if tag else ""
    if found is None:
        raise UserError(f"{tag} is not a language tag.", "Write en, zh-Hans, pt-BR …")
    return found


def _rejection_data(row: Rejection) -> dict[str, Any]:
    return {
        "id": row.pk,
        "source": row.source_name,
        "origin": row.origin,
        "entry_id": row.entry_id,
        "code": row.code,
        "reason": row.reason,
        "hint": row.hint,
        "fields": row.fields,
        "size": row.payload_size,
        "begins": rejections.beginning(row),
        "times": row.times,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "trace_id": row.trace_id,
    }


def _rejection_text(row: Rejection) -> str:
    times = f", {row.times} times" if row.times > 1 else ""
    head = (
        f"{row.last_at:%Y-%m-%d %H:%M}  {row.source_name or 'no source'} by {row.origin}{times} [{row.code}]"
    )
    return "\n  ".join((head, row.reason, row.hint, rejections.beginning(row)))


def _source_text(row: dict[str, Any]) -> str:
    marks = [row["language"], "on" if row["enabled"] else "off"]
    marks += ["API key"] if row["api_key"] else []
    marks += [row["feed_url"]] if row["feed_url"] else []
    failed = f"\n  failed {row['failures']} times: {row['last_error']}" if row["failures"] else ""
    return f"{row['name']}  ({', '.join(marks)}){failed}"
