"""What `check` does beside recording values."""

from grader.recording import Observation
from grader.testing.check import Check


class Kept:
    """Keeps observations."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []

    def add(self, observation: Observation) -> None:
        """Keep one observation."""
        self.observations.append(observation)


def test_the_yardstick_is_measured_in_turn_with_the_call() -> None:
    """A load on the machine that comes or goes meanwhile slows both."""
    order: list[str] = []
    kept = Kept()
    Check(kept, given=True).at_most_times("speed", lambda: order.append("call"), lambda: order.append("yardstick"), 3.0)
    assert order == ["call", "yardstick"] * 5
    (observation,) = kept.observations
    assert observation.params["times"] == 3.0
