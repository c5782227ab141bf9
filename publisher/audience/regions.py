"""Codes of regions: two letters for a country (ISO 3166-1), three digits for one or a part of the world (UN M49). Pure."""

from __future__ import annotations

import re
from typing import Final

from publisher.items.text import words

# XK is nobody's code in ISO 3166, and everybody's for Kosovo.
_COUNTRIES: Final = words(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF "
    "CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH "
    "GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW "
    "KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG "
    "NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN "
    "SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE "
    "YT ZA ZM ZW"
)
_CALLED: Final = {"UK": "GB", "EL": "GR"}
"""What the European Union and many people write."""
_DIGITS: Final = re.compile(r"(?!000)[0-8][0-9]{2}", re.ASCII)
"""From 900 on anybody may give them a meaning of their own."""


def region_code(text: str) -> str | None:
    """The code in capitals; None for what is no region."""
    code = text.strip().upper() if text.isascii() else ""
    code = _CALLED.get(code, code)
    return code if code in _COUNTRIES or _DIGITS.fullmatch(code) else None


def countries() -> list[str]:
    """The two-letter codes, in order."""
    return sorted(_COUNTRIES)
