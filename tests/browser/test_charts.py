"""The dashboard's charts: what their legends say."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import log_in
from tests.browser.world import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_legend_names_the_lines_and_tells_their_values_where_one_points(
    live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    build()
    page = window(width=1280)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/dashboard")
    plots = page.locator("figure.chart").nth(1)
    legend = plots.locator(".u-legend")
    today = clock.now().date()
    expect(legend).to_contain_text(f"{today}")
    keep(page, "dashboard-charts")
    for each in page.locator("figure.chart .u-legend").all_inner_texts():
        assert "--" not in each
    last = re.sub(r"\s+", " ", legend.inner_text())
    assert re.search(r"Mails:? ?1,\d{3}", last)
    assert re.search(r"Posts:? ?40", last)
    plots.locator(".u-over").hover(position={"x": 5, "y": 20})
    expect(legend).not_to_contain_text(f"{today}")
    page.get_by_role("heading", level=1).hover()
    expect(legend).to_contain_text(f"{today}")
    assert "--" not in legend.inner_text()
