"""The desk's addresses, area by area. Each folder's `urls.py` says who may open what."""

from __future__ import annotations

from publisher.desk.account.urls import urlpatterns as account
from publisher.desk.audience.urls import urlpatterns as audience
from publisher.desk.audit.urls import urlpatterns as audit
from publisher.desk.calendar.urls import urlpatterns as calendar
from publisher.desk.channels.urls import urlpatterns as channels
from publisher.desk.clearance.urls import urlpatterns as clearance
from publisher.desk.compose.urls import urlpatterns as compose
from publisher.desk.dashboard.urls import urlpatterns as dashboard
from publisher.desk.digests.urls import urlpatterns as digests
from publisher.desk.editions.urls import urlpatterns as editions
from publisher.desk.forecast.urls import urlpatterns as forecast
from publisher.desk.hooks.urls import urlpatterns as hooks
from publisher.desk.items.urls import urlpatterns as items
from publisher.desk.keys.urls import urlpatterns as keys
from publisher.desk.log.urls import urlpatterns as log
from publisher.desk.mail.urls import urlpatterns as mail
from publisher.desk.people.urls import urlpatterns as people
from publisher.desk.posts.urls import urlpatterns as posts
from publisher.desk.reports.urls import urlpatterns as reports
from publisher.desk.retention.urls import urlpatterns as retention
from publisher.desk.review.urls import urlpatterns as review
from publisher.desk.schedules.urls import urlpatterns as schedules
from publisher.desk.sign_ups.urls import urlpatterns as sign_ups
from publisher.desk.signin.urls import urlpatterns as signin
from publisher.desk.stops.urls import urlpatterns as stops
from publisher.desk.suppressions.urls import urlpatterns as suppressions
from publisher.desk.system.urls import urlpatterns as system
from publisher.desk.templates.urls import urlpatterns as templates
from publisher.desk.today.urls import urlpatterns as today

app_name = "desk"

urlpatterns = [
    *today,
    *calendar,
    *forecast,
    *items,
    *compose,
    *posts,
    *editions,
    *review,
    *clearance,
    *audience,
    *digests,
    *sign_ups,
    *channels,
    *schedules,
    *templates,
    *mail,
    *log,
    *suppressions,
    *reports,
    *stops,
    *signin,
    *account,
    *people,
    *keys,
    *hooks,
    *audit,
    *retention,
    *dashboard,
    *system,
]
