"""Which domains are one provider's."""

from __future__ import annotations

import pytest

from publisher.delivery.pacing.providers import bucket_of, bucket_of_domain


@pytest.mark.parametrize(
    ("address", "bucket"),
    [
        ("lin@GoogleMail.com", "gmail.com"),
        ("lin@hotmail.co.uk", "outlook.com"),
        ("lin@live.com", "outlook.com"),
        ("lin@msn.com", "outlook.com"),
        ("lin@yahoo.com.br", "yahoo.com"),
        ("lin@yahoo.fr", "yahoo.com"),
        ("lin@yahoo.co.jp", "yahoo.co.jp"),
        ("lin@foxmail.com", "qq.com"),
        ("lin@126.com", "163.com"),
        ("lin@yeah.net", "163.com"),
        ("lin@office.example.org", "office.example.org"),
        ("lin@live.example.org", "live.example.org"),
        ("lin@notyahoo.com", "notyahoo.com"),
        ("林@例え.jp", "xn--r8jz45g.jp"),
        ("nothing", "nothing"),
    ],
)
def test_an_address_belongs_to_its_provider(address: str, bucket: str) -> None:
    assert bucket_of(address) == bucket


def test_a_star_stands_for_all_countries_of_a_provider() -> None:
    assert bucket_of_domain("yahoo.*") == "yahoo.com"
