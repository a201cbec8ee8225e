"""schemathesis, unmodified: asks every operation of Microsoft's description with made-up values, the same in every run.

Half of the examples name objects that exist. Every answer must be described, and none may be a server's own mistake.
"""

import time

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from talk import hear, ready, say

examples = 8
seconds = 75  # operations that are not reached in this time are told, and fail the test
checks = [not_a_server_error, response_schema_conformance, content_type_conformance]
# The description says that these answer strings; OData 4.0 JSON (section 4.5.8) and Graph answer objects.
described_wrongly = ("/$ref",)
base = f"{ready['graph_url']}/v1.0"


class Court:
    """Asks, and notes what an operation did wrong."""

    def __init__(self, asked):
        self.session = requests.Session()
        self.session.verify = ready["ca_file"]
        self.session.headers["Authorization"] = f"Bearer {asked['token']}"
        self.token, self.known = asked["token"], asked["known"]
        self.problems, self.requests, self.statuses = {}, 0, {}

    def judge(self, operation, until):
        """Some requests to one operation."""
        numbers = iter(range(10_000))

        @seed(20_261_120)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy())
        def ask(case):
            if time.monotonic() < until and operation.label not in self.problems:
                self.ask(case, existing=next(numbers) % 2 == 0)

        ask()

    def ask(self, case, *, existing):
        if existing and case.method != "DELETE":
            case.path_parameters.update({key: self.known[key] for key in case.path_parameters if key in self.known})
        response = case.call(base_url=base, session=self.session, headers={"Authorization": f"Bearer {self.token}"})
        self.requests += 1
        self.statuses[response.status_code] = self.statuses.get(response.status_code, 0) + 1
        which = [checks[0]] if case.path.endswith(described_wrongly) else checks
        try:
            case.validate_response(response, checks=which)
        except FailureGroup as error:
            self.problems[f"{case.method} {case.path}"] = [str(one)[:600] for one in error.exceptions]


def main():
    asked = hear()
    description = schemathesis.openapi.from_path(asked["description"])
    court, until, late = Court(asked), time.monotonic() + seconds, []
    for found in description.get_all_operations():
        operation = found.ok()
        if asked["only"] and operation.label not in asked["only"]:
            continue
        if time.monotonic() > until:
            late.append(operation.label)
        else:
            court.judge(operation, until)
    say({"problems": court.problems, "requests": court.requests, "late": late, "statuses": court.statuses})


main()
