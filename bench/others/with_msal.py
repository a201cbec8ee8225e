"""MSAL, unmodified, used as its documentation shows: a thread for each sign-in, in its own polling loop.

It is told how long to wait in all; then each loop is asked to end by the door that MSAL has for that.
"""

import json
import resource
import sys
import threading
import time

import msal
from talk import told


def main() -> None:
    threads_wanted, seconds = told["threads"], told["seconds"]
    application = msal.PublicClientApplication(
        told["client"], authority=f"{told['login_url']}/organizations", instance_discovery=False, verify=told["ca_file"]
    )
    flows = [application.initiate_device_flow(scopes=["User.Read"]) for _ in range(threads_wanted)]
    over = threading.Event()
    threads = [
        threading.Thread(
            target=application.acquire_token_by_device_flow,
            args=(flow,),
            kwargs={"exit_condition": lambda _flow: over.is_set()},
        )
        for flow in flows
    ]
    for thread in threads:
        thread.start()
    time.sleep(told["warm_up"])
    say({"begun": True})
    before, began = used(), time.monotonic()
    time.sleep(seconds)
    spent, lasted = used() - before, time.monotonic() - began
    say({"processor_seconds": spent, "seconds": lasted})
    over.set()
    for thread in threads:
        thread.join()


def used() -> float:
    whole = resource.getrusage(resource.RUSAGE_SELF)
    return whole.ru_utime + whole.ru_stime


def say(what) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


main()
