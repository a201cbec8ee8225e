"""How fast a worker works, and how soon its silence counts as death."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a worker works and how soon it counts as dead. Seconds.

    A killed worker's jobs run again after at most `stalled` + `heartbeat` + `poll` seconds, if another worker lives.
    `poll` is how often the queue is asked for work whose time has come; new work is announced by the database at once.
    """

    concurrency: int = 64
    heartbeat: float = 5
    stalled: float = 15
    grace: float = 25
    poll: float = 1
