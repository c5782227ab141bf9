"""Settings of how people sign in."""

from __future__ import annotations

from typing import Final

from config.environment.setting import Setting
from config.environment.values import domains, issuer, one_of, role_names, roles_by_value

SIGNING_IN: Final[tuple[Setting, ...]] = (
    Setting(
        "PUBLISHER_REQUIRE_MFA",
        "",
        "roles, separated by commas",
        "admin,editor",
        "Roles that may use the desk only with a second step at sign-in (a code of an app, or a passkey). Who lacks one is led "
        "to set it up first. Empty: each person decides.",
        role_names,
    ),
    Setting(
        "PUBLISHER_OIDC",
        "",
        "address",
        "https://login.office.example.org/realms/staff",
        "The issuer of an OpenID Connect provider through which people may sign in (docs/people.md). Empty: no such sign-in.",
        issuer,
    ),
    Setting(
        "PUBLISHER_OIDC_CLIENT_ID",
        "",
        "text",
        "publisher",
        "The client's name at the OpenID Connect provider. Its redirect address is `/desk/sso/callback` below the base address.",
        str,
    ),
    Setting(
        "PUBLISHER_OIDC_CLIENT_SECRET",
        "",
        "text",
        "(as the provider shows it)",
        "The client's secret at the OpenID Connect provider.",
        str,
    ),
    Setting(
        "PUBLISHER_OIDC_LABEL",
        "single sign-on",
        "text",
        "the office account",
        "What stands on the sign-in page after “Sign in with”.",
        str,
    ),
    Setting(
        "PUBLISHER_OIDC_DOMAINS",
        "",
        "domains, separated by commas",
        "office.example.org",
        "Only people with a verified mail address of these domains may come in through OpenID Connect for the first time. "
        "Empty: any domain.",
        domains,
    ),
    Setting(
        "PUBLISHER_OIDC_ROLE_CLAIM",
        "groups",
        "name of a claim",
        "roles",
        "Which claim of the ID token names a person's groups, for PUBLISHER_OIDC_ROLES.",
        str,
    ),
    Setting(
        "PUBLISHER_OIDC_ROLES",
        "",
        "value=role, separated by commas",
        "comms-admins=admin, comms-editors=editor",
        "Which values of that claim give which role, at each sign-in; the strongest counts. Empty, or no value fits: the role "
        "stays.",
        roles_by_value,
    ),
    Setting(
        "PUBLISHER_OIDC_UNKNOWN",
        "refuse",
        "word",
        "viewer",
        "What becomes of people without an account or invitation who come through OpenID Connect. refuse: they are sent away; "
        "viewer: they get an account as viewer.",
        one_of("refuse", "viewer"),
    ),
)
