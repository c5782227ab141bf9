"""Schemathesis against the API, in this process: every operation of the schema, with what fits it and what does not, all checks
on. `test_fuzz.py` takes a few examples of each; `make fuzz-api` many."""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from publisher.api.v1 import api

FEW = 4
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", FEW))
"""Random requests of each operation. With more than `FEW` come those that schemathesis derives from the schema: each bound of
each field, some thousands, which take minutes."""

# What fits the schema may be refused for what stands in the database (`refused`, a stale version, no such thing), but never as
# not fitting the schema: `fits_means_fits` looks at that.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "415", "422", "428"]
CHECKS = {
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "403", "404", "409", "412", "422", "428", "429"]
    },
    "negative_data_rejection": {"expected-statuses": REFUSED},
}


schemathesis.openapi.media_type(
    "text/csv",
    st.binary(max_size=300)
    | st.text(max_size=300).map(str.encode)
    | st.lists(st.sampled_from(["a@example.org", "nobody", "", '"', "é", "2026-06-01"]), min_size=1).map(
        lambda cells: ("email,name\n" + ",x\n".join(cells)).encode()
    ),
)


@schemathesis.check
def fits_means_fits(_context: Any, response: Any, case: Any) -> None:
    """What was made to fit the schema is not answered with `invalid`."""
    if case.meta and case.meta.generation.mode.is_positive and response.status_code == 422:
        body = json.loads(response.content)
        assert body["code"] != "invalid", body


def the_schema() -> Any:
    """The schema as it is served, whose operations are called in this process."""
    served = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    phases = {"coverage": {"enabled": EXAMPLES > FEW}}
    config = SchemathesisConfig.from_dict({"checks": CHECKS, "phases": phases})
    loaded = schemathesis.openapi.from_dict(served, config=config)
    loaded.app = get_wsgi_application()
    return loaded
