"""Which digits are a telephone number, and which are not."""

from __future__ import annotations

import pytest

from publisher.items.contacts import contact_spans, holds_contact


@pytest.mark.parametrize(
    "text",
    [
        "call the hotline 010-85320725 now",
        "欢迎致电 010-85320725 咨询",
        "欢迎拨打13812345678咨询",
        "Reach us: 8610 8532 0725",
        "phone 85320725 ext. 12",
        "at (86 10) 8532 0725.",
        "au 01 45 68 10 00",
        "at 020 7946 0018",
        "服务热线：400-810-1234",
        "Tel: +8610-85320725",
        "办公室电话：8532 0725 转 12",
    ],
)
def test_telephone_numbers_are_found_in_the_forms_that_offices_write(text: str) -> None:
    assert holds_contact(text)


@pytest.mark.parametrize(
    "text",
    [
        "From 2020-2021, 500,000 people came",
        "2023年8月10日有13 812户家庭参加",
        "18.2 per 100,000 population (WHO 2016)",
        "on 13-14 September 2023 at 10:00",
        "between 1945 and 2026, 86 countries and 10 4000-year-old trees",
        "Goals 1, 2, 3, 4, 5, 6, 7, 8, 9",
        "ISBN 978-92-1-101448-8",
    ],
)
def test_years_counts_and_dates_are_no_telephone_numbers(text: str) -> None:
    assert not holds_contact(text)


def test_an_extension_belongs_to_its_number() -> None:
    text = "Ask 010-85320725 ext. 12 today"
    ((start, end),) = contact_spans(text)
    assert text[start:end] == "010-85320725 ext. 12"
