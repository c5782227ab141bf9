"""The public addresses: what mails link to. Short, because they stand in every mail."""

from __future__ import annotations

from django.urls import path

from publisher.site import (
    address_change,
    counting,
    counting_consent,
    landing,
    mail_hooks,
    unsubscribe,
    webversion,
)
from publisher.site.archive import files
from publisher.site.archive import views as archive
from publisher.site.counting import counted
from publisher.site.preferences import rights
from publisher.site.preferences import views as preferences
from publisher.site.sign_up import confirm
from publisher.site.sign_up import views as sign_up

app_name = "site"

urlpatterns = [
    path("", landing.landing, name="landing"),
    path("personal-links", landing.personal_links, name="personal-links"),
    path("subscribe", sign_up.sign_up, name="sign-up"),
    path("subscribe/<slug:slug>", sign_up.sign_up, name="sign-up-one"),
    path("c/<str:token>", confirm.confirm, name="confirm"),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    path("hooks/mail/<str:provider>/<str:path>", mail_hooks.tell, name="mail-hook"),
    path("p/<str:token>", preferences.page, name="preferences"),
    path("p/<str:token>/data", rights.ask, {"kind": rights.DATA}, name="ask-data"),
    path("p/<str:token>/erase", rights.ask, {"kind": rights.ERASE}, name="ask-erase"),
    path("d/<str:token>", rights.data, name="data"),
    path("x/<str:token>", rights.erase, name="erase"),
    path("a/<str:token>", address_change.change, name="address-change"),
    path("e/<str:token>", webversion.web_version, name="web-version"),
    path("p/<str:token>/counting", counting_consent.choose, name="counting"),
    *counted("l", counting.click),
    *counted("o", counting.opened),
    path("archive", archive.index, name="archive"),
    path("archive/<slug:slug>", archive.any_language, name="archive-any"),
    path("archive/<slug:slug>/sitemap.xml", files.digest_site_map, name="archive-sitemap"),
    path("archive/<slug:slug>/<int:number>", archive.edition_any_language, name="archive-edition-any"),
    path("archive/<slug:slug>/<int:number>/pictures/<slug:name>", files.picture, name="archive-picture"),
    path("archive/<slug:slug>/<int:number>/<slug:language>", archive.edition, name="archive-edition"),
    path("archive/<slug:slug>/<slug:language>", archive.digest, name="archive-digest"),
    path("archive/<slug:slug>/<slug:language>/feed.atom", files.feed, name="archive-feed"),
    path("sitemap.xml", files.site_map, name="sitemap"),
    path("robots.txt", files.robots, name="robots"),
]
