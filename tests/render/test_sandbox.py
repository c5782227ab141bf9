"""Templates that staff edit: what they can do, what they cannot, and what they are told."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest

from publisher.render.budget import Budget, Limits, OverBudget
from publisher.render.failure import TemplateFailure
from publisher.render.sandbox import render_staff
from tests.render.samples import an_item

VALUES: dict[str, object] = {
    "title": "Almaria Weekly",
    "count": 12,
    "names": ["Ana", "Bo"],
    "prices": {"bread": 3},
    "item": an_item(),
    "day": date(2026, 3, 9),
    "at": datetime(2026, 3, 9, 8, tzinfo=UTC),
}


def rendered(source: str, **limits: float) -> str:
    return render_staff(source, VALUES, name="subject", limits=Limits(**limits))  # type: ignore[arg-type]  # of tests


def failure(source: str, **limits: float) -> TemplateFailure:
    with pytest.raises(TemplateFailure) as caught:
        rendered(source, **limits)
    return caught.value


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ title }}: {{ count }}", "Almaria Weekly: 12"),
        ("{{ title|upper }}", "ALMARIA WEEKLY"),
        ("{{ names|join(', ') }}", "Ana, Bo"),
        ("{% for n in names %}{{ n }} {{ loop.index }}/{{ loop.length }}. {% endfor %}", "Ana 1/2. Bo 2/2. "),
        ("{% if count > 10 %}many{% else %}few{% endif %}", "many"),
        ("{{ item.title[:9] }}", "The river"),
        ("{{ prices.bread * 2 + 1 }}", "7"),
        ("{% for name, price in prices.items() %}{{ name }} {{ price }}{% endfor %}", "bread 3"),
        ("{% macro m(n) %}<{{ n }}>{% endmacro %}{{ m('a') }}{{ m('b') }}", "<a><b>"),
        ("{% set x = title ~ ' ' ~ count %}{{ x }}", "Almaria Weekly 12"),
        ("{{ missing|default('none') }}", "none"),
        ("{{ day.year }}-{{ at.hour }}", "2026-8"),
        ("{% filter upper %}a{{ count }}{% endfilter %}", "A12"),
        ("{{ names|map('upper')|join }}", "ANABO"),
        ("{{ names|selectattr('isdigit')|list|length }}", "2"),
        ("{{ '<b>' }}", "<b>"),
        ("{{ title|truncate(8, true) }}", "Almar..."),
        ("{{ names|sort(reverse=true)|first }}", "Bo"),
        ("{{ ['b', 'a', 'b']|unique|join }}", "ba"),
        ("{{ names|last|lower|replace('o', 'oo') }}", "boo"),
        ("{{ '3'|int + 1 }} {{ -3|abs }}", "4 3"),
    ],
)
def test_ordinary_templates_work(source: str, text: str) -> None:
    assert rendered(source) == text


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("one\ntwo {{ titel }}", 2, "“titel” is not known here; did you mean “title”?"),
        ("{{ zzz }}", 1, "known are at, count, day"),
        ("\n\n{% if %}", 3, "Expected an expression"),
        ("{% for n in names %}", 1, "Unexpected end of template"),
        ("a\n{{ item.titel }}", 2, "there is no “titel” in this item"),
        ("{{ names[7] }}", 1, "there is no “7” in this list"),
        ("{{ 'a'|nope }}", 1, "No filter named 'nope'"),
        ("{{ 1 / 0 }}", 1, "division by zero"),
        ("{{ names }}", 1, "a list cannot be written out"),
        ("x\n\n{{ title() }}", 3, "not callable"),
    ],
)
def test_an_error_names_template_and_line(source: str, line: int, message: str) -> None:
    error = failure(source)
    assert (error.template, error.line) == ("subject", line)
    assert message in error.message
    assert str(error).startswith(f"subject, line {line}: ")


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ item.__init__.__globals__ }}",
        "{{ item['__class__'] }}",
        "{{ title.format(1) }}",
        "{{ title.encode() }}",
        "{{ '{0.__class__}'.format(title) }}",
        "{{ title.format_map(prices) }}",
        "{{ names.append('x') }}",
        "{{ prices.clear() }}",
        "{{ self }}",
        "{{ range.__self__ }}",
        "{{ cycler }}",
        "{{ lipsum() }}",
        "{{ dict(a=1) }}",
        "{{ namespace() }}",
        "{{ title|attr('__class__') }}",
        "{{ title|_spent }}",
        "{% include 'email/base.mjml.j2' %}",
        "{% import 'x' as x %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% block b %}{% endblock %}",
        "{{ (names|map(attribute='__class__')|list)[0].mro() }}",
    ],
)
def test_nothing_of_python_is_within_reach(source: str) -> None:
    failure(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ names * 1000000000 }}",
        "{{ 2 ** 100000000 }}",
        "{{ 99999999999 * 99999999999 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ 'a'.ljust(1000000000) }}",
        "{{ 'a'|center(1000000000) }}",
        "{{ 1.5|round(1000000000, 'ceil') }}",
        "{% for i in range(100000000) %}{% endfor %}",
        "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
        "{% for i in range(1000) %}{{ 'x' * 1 }}{% endfor %}",
        "{% for c in item.summary * 9 %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{% if m() %}{% endif %}{% if m() %}{% endif %}{% endmacro %}{% set x = m() %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% macro m(n, x) %}{% if n %}{{ m(n - 1, x ~ x) }}{% endif %}{% endmacro %}{{ m(60, 'ab') }}",
        "{% macro m(n, x) %}{% if n %}{{ m(n - 1, x + x) }}{% endif %}{% endmacro %}{{ m(60, [1]) }}",
        "{% macro m(n, x) %}{% if n %}{{ m(n - 1, [x, x]) }}{% endif %}{% endmacro %}{{ m(60, [1]) }}",
        "{% macro m(n, x) %}{% if n %}{{ m(n - 1, {'a': x}) }}{% endif %}{% endmacro %}{{ m(60, {}) }}",
        (
            "{% macro m(n, x) %}{% if n %}{{ m(n - 1, x|replace('a', x)) }}{% endif %}{% endmacro %}"
            "{{ m(60, 'aa') }}"
        ),
        "{% macro m(n, x) %}{% if n %}{{ m(n - 1, [x, x]|join) }}{% endif %}{% endmacro %}{{ m(60, 'aa') }}",
        "{% macro m(n) %}{{ varargs }}{% endmacro %}{{ m(1, 2) }}",
        "{% for i in range(900) %}" + "x" * 15_000 + "{% endfor %}",
        "{% for i in range(900) %}{% set y %}" + "x" * 15_000 + "{% endset %}{% endfor %}",
        "{% for n in names recursive %}{{ loop(names) }}{% endfor %}",
        "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
        "{{ " + "9" * 6_000 + " }}",
        "{% if 1 %}" * 200 + "{% endif %}" * 200,
        "x" * 20_001,
    ],
)
def test_whatever_would_grow_without_end_is_stopped(source: str) -> None:
    failure(source)


def test_the_output_limit_holds() -> None:
    assert "more than 10 characters" in failure("{{ title }}", output=10).message


def test_the_step_limit_names_the_line_of_the_loop() -> None:
    error = failure("a\n{% for i in range(50) %}{{ i }}{% endfor %}", steps=20)
    assert (error.line, "20 steps" in error.message) == (2, True)


def test_the_time_limit_counts_the_threads_own_computing() -> None:
    seconds = iter([0.0, 0.1, 0.6])
    budget = Budget(Limits(seconds=0.5), clock=lambda: next(seconds))
    budget.step()
    with pytest.raises(OverBudget, match=r"0\.5 seconds"):
        budget.step()


def test_limits_hold_in_a_thread_other_than_the_main_one() -> None:
    caught: list[TemplateFailure] = []
    loop = "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}"
    thread = threading.Thread(target=lambda: caught.append(failure(loop)))
    thread.start()
    thread.join()
    assert "steps" in caught[0].message


def test_one_template_does_not_spend_the_budget_of_another() -> None:
    for _ in range(3):
        assert rendered("{% for i in range(30) %}x{% endfor %}", steps=100) == "x" * 30


def test_an_attribute_that_is_not_there_is_answered_with_the_nearest() -> None:
    assert failure("{{ item.tittle }}").message == "there is no “tittle” in this item; did you mean “title”?"
    assert "known are id, image_alt, image_url" in failure("{{ item.weather }}").message
    assert failure("{{ item }}").message.startswith("an item cannot be written out")


def test_join_reads_attributes_through_the_sandbox() -> None:
    assert rendered("{{ [item, item] | join(', ', attribute='kind') }}") == "story, story"
    assert "__class__" in failure("{{ [item] | join(', ', attribute='__class__') }}").message
