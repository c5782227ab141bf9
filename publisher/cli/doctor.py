"""`publisher doctor`: can this service send, and will mailbox providers take it? What each check means: docs/sending-mail.md."""

from __future__ import annotations

from collections import Counter

import click

from publisher.cli.report import Report, reporting
from publisher.core import clock
from publisher.delivery.doctor.examination import examine
from publisher.delivery.doctor.findings import Level, worst
from publisher.feedback import health


@click.command()
@reporting
def doctor() -> Report:
    """Check database, Redis, mail server, links, and the DNS of every sender's domain. Sends and changes nothing.

    The exit code is 1 when there is a problem.
    """
    now = clock.now()
    findings = list(examine(now=now))
    findings += health.findings(now)
    counts = Counter(finding.level for finding in findings)
    well = worst(findings)
    summary = (
        f"{_count(counts[Level.PROBLEM], 'problem')}, {_count(counts[Level.WARNING], 'warning')}, "
        f"{counts[Level.OK]} well."
    )
    return Report(
        {
            "level": well.value,
            "counts": {level.value: counts[level] for level in Level},
            "findings": [each.as_json() for each in findings],
        },
        "\n".join([*(each.as_text() for each in findings), "", summary]),
        ok=well is not Level.PROBLEM,
    )


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
