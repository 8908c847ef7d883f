"""Guards the judge of dropout's tests of independence: wrong layers of every kind fail, right layers pass.

The counts of pairs are compared with counts from a loop over the pairs, the bounds with exact probabilities. All seeds
are fixed, so the results are always the same.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest
from dropout_layers import RIGHT, WRONG, Array, Make

from grader.judge.compare import Comparison
from grader.judge.dropout import judge_forward, pairs
from grader.judge.dropout.laws import Form, evidence, greatest_mass, level, limits, log_mgf, needed
from grader.judge.dropout.pairs import Family, crossed, families
from grader.judge.dropout.structure import judge_counts
from grader.recording import Observation, Value
from grader.testing.check import Check

SHAPES = [(20, 64), (8, 3, 8, 9), (5, 31, 11), (6, 5, 7, 9)]
KEEPS = [0.3, 0.5, 0.8]
Place = tuple[int, ...]


class Kept:
    """A recorder that holds what a check wrote down."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []

    def add(self, observation: Observation) -> None:
        self.observations.append(observation)


def observed(make: Make, seed: int, shape: tuple[int, ...], keep: float, *, given: bool) -> Observation:
    """What a test leaves that looks at 24 calls of a layer and at another one, as the tests of the homework do."""
    rng = np.random.RandomState(seed)
    x = rng.randint(1, 17, size=shape) * rng.choice([-1, 1], size=shape) / 8
    layer, other = make(rng, keep), make(rng, keep)
    recorder = Kept()
    y, *again = Check.calls(lambda: layer(x.copy()))
    others = Check.calls(lambda: other(x.copy()))[:4]
    Check(recorder, given=given).dropout(
        # a grading run gives no x and no keep: what these are is taken from the recording
        "y",
        y,
        x=x if given else None,
        keep=keep if given else None,
        again=again,
        other=others,
    )
    return recorder.observations[0]


def verdict_on(make: Make, seed: int, shape: tuple[int, ...], keep: float) -> Comparison:
    expected = observed(RIGHT["binomial"], seed, shape, keep, given=True)
    actual = observed(make, seed, shape, keep, given=False)
    assert actual.params == {}
    assert "x" not in actual.values
    return judge_forward(expected, actual.values)


@pytest.mark.parametrize("name", RIGHT)
def test_right_layers_pass_in_every_shape(name: str) -> None:
    for seed, (shape, keep) in enumerate(itertools.product(SHAPES, KEEPS)):
        verdict = verdict_on(RIGHT[name], seed, shape, keep)
        assert verdict.passed, (shape, keep, verdict)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_layers_fail_in_every_shape(name: str) -> None:
    first = 1 if "third axis" in name else 0
    for seed, shape in enumerate(SHAPES[first:]):
        keep = KEEPS[(seed + len(name)) % len(KEEPS)]
        verdict = verdict_on(WRONG[name], seed, shape, keep)
        assert not verdict.passed, (shape, keep)
        assert verdict.hint, (shape, keep, verdict)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("one mask for all of the second axis", "all along axis 1 of an input of shape", "the shape of the input"),
        ("half of the first axis copied", "apart along axis 0 agree in", "for the whole input at once"),
        ("by a hash of each element", "in the order of the input's values", "must not follow from the input's values"),
        ("4 masks in turn", "two calls have the same mask", "draw a new mask in every forward pass"),
        ("seed by the number of the call", "two instances of the layer have the same mask", "let the generator run on"),
        ("drops in the first 2 passes only", "in a later call, no element is dropped", "at random"),
        ("exactly k in each row", "keeps exactly", "the number of those kept varies"),
    ],
)
def test_what_is_wrong_is_said(name: str, message: str, hint: str) -> None:
    verdict = verdict_on(WRONG[name], 3, (8, 4, 8, 9), 0.3)
    assert message in verdict.message
    assert hint in verdict.hint


def test_a_test_of_something_else_asks_for_any_mask() -> None:
    rng = np.random.RandomState(0)
    x = rng.normal(size=(12, 30))
    right = Value("array", "float64", x * (rng.rand(12, 30) < 0.5) * 2)
    expected = Observation("y", "dropout", {"actual": right, "x": Value("array", "float64", x)})
    for mask in (rng.rand(12, 30) < 0.9, rng.rand(12, 1) < 0.5, 7.0 * (rng.rand(12, 30) < 0.1)):
        assert judge_forward(expected, {"actual": Value("array", "float64", x * mask)}).passed
    other = rng.normal(size=x.shape) * (rng.rand(12, 30) < 0.5)  # a right output, for another input
    for wrong in (x, 0 * x, np.ones_like(x), np.full_like(x, np.nan), other):
        assert not judge_forward(expected, {"actual": Value("array", "float64", wrong)}).passed


# check.calls


def test_calls_keeps_copies_at_every_distance() -> None:
    memory = np.zeros(3)

    def call() -> Array:
        memory[:] += 1
        return memory

    kept = [int(output[0]) for output in Check.calls(call) if isinstance(output, np.ndarray)]
    assert {later - earlier for earlier, later in itertools.combinations(kept, 2)} == set(range(1, 24))
    assert memory[0] == 24


@pytest.mark.parametrize("given", [True, False])
def test_more_outputs_than_one_check_takes(given: bool) -> None:
    recorder = Kept()
    outputs: list[object] = [np.zeros(2)] * 20
    if given:
        with pytest.raises(ValueError, match="21 outputs; give it 12 at most"):
            Check(recorder, given=given).dropout("y", np.zeros(2), x=np.ones(2), keep=0.5, again=outputs)
    else:  # a submission that returns a list of its rows is judged, and refused for its form
        Check(recorder, given=given).dropout("y", np.zeros(2), x=None, keep=None, again=outputs)
        assert len(recorder.observations[0].values) == 12


def test_one_output_may_be_given_without_a_list() -> None:
    recorder = Kept()
    Check(recorder, given=False).dropout("y", np.zeros(2), x=None, keep=None, again=np.ones(2), other=[np.ones(2)])
    assert set(recorder.observations[0].values) == {"actual", "again", "other"}


# the pairs, by going through them


def brute(edges: Iterable[tuple[Place, Place]], masks: Array, known: Array) -> tuple[int, list[int]]:
    """How many different pairs of known elements there are, and how many of them agree in each mask."""
    found = [tuple(edge) for edge in {frozenset(edge) for edge in edges} if len(edge) == 2]
    found = [(one, two) for one, two in found if known[one] and known[two]]
    return len(found), [sum(bool(mask[one] == mask[two]) for one, two in found) for mask in masks]


def flips(ndim: int) -> list[tuple[int, ...]]:
    return [(), *((axis,) for axis in range(ndim))] + ([tuple(range(ndim))] if ndim > 1 else [])


def torus_map(shape: Place, flipped: Place, step: Place) -> Callable[[Place], Place]:
    def there(place: Place) -> Place:
        moved = ((s - i if axis in flipped else i + s) for axis, (i, s) in enumerate(zip(place, step, strict=True)))
        return tuple(to % size for to, size in zip(moved, shape, strict=True))

    return there


def torus_laws(shape: Place) -> Iterator[tuple[Form, list[list[tuple[Place, Place]]]]]:
    places = list(np.ndindex(*shape))
    for flipped in flips(len(shape)):
        laws: dict[Form, list[list[tuple[Place, Place]]]] = {"pairs": [], "rings": []}
        for step in places:
            there = torus_map(shape, flipped, step)
            own_inverse = all(there(there(place)) == place for place in places)
            laws["pairs" if own_inverse else "rings"].append([(place, there(place)) for place in places])
        yield from ((form, edges) for form, edges in laws.items() if edges)


def order_laws(order: list[Place]) -> Iterator[tuple[Form, list[list[tuple[Place, Place]]]]]:
    count = len(order)
    yield "chains", [[(order[i], order[i + lag]) for i in range(count - lag)] for lag in range(1, count)]
    circle = range(1, (count - 1) // 2 + 1)
    yield "rings", [[(order[i], order[(i + lag) % count]) for i in range(count)] for lag in circle]
    mirrors = range(2 * count - 1)
    yield "pairs", [[(order[i], order[m - i]) for i in range(count) if 0 <= m - i < count] for m in mirrors]


def all_laws(shape: Place, x: Array) -> Iterator[tuple[Form, list[list[tuple[Place, Place]]]]]:
    """Every law that the module's docstring promises, in its order, for a shape without axes of length 1."""
    places = list(np.ndindex(*shape))
    for axis, size in enumerate(shape):
        unit = np.eye(len(shape), dtype=int)[axis]
        yield (
            "chains",
            [
                [(place, tuple(np.add(place, lag * unit))) for place in places if place[axis] + lag < size]
                for lag in range(1, size)
            ],
        )
        yield (
            "pairs",
            [
                [(p, tuple(np.add(p, (two - one) * unit))) for p in places if p[axis] == one]
                for one, two in itertools.combinations(range(size), 2)
            ],
        )
    yield from torus_laws(shape)
    for one, two in itertools.combinations(range(len(shape)), 2):
        if shape[one] == shape[two]:
            for turned in (False, True):
                edges = []
                for place in places:
                    to = list(place)
                    to[one], to[two] = place[two], place[one]
                    if turned:
                        to[one], to[two] = shape[one] - 1 - to[one], shape[two] - 1 - to[two]
                    edges.append((place, tuple(to)))
                yield "pairs", [edges]
    fortran = [tuple(reversed(place)) for place in np.ndindex(*reversed(shape))]
    orders = [places, fortran, sorted(places, key=lambda p: x[p]), sorted(places, key=lambda p: abs(x[p]))]
    for order in (order for index, order in enumerate(orders) if order not in orders[:index]):
        yield from order_laws(order)


@pytest.mark.parametrize("zeros", [0.0, 0.3])
@pytest.mark.parametrize("shape", [(6,), (7,), (4, 5), (4, 4), (3, 4, 2)], ids=str)
def test_the_counts_are_those_of_the_pairs(shape: Place, zeros: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "SMALLEST_SLICE", 0)
    rng = np.random.RandomState(len(shape))
    x = rng.normal(size=shape) * (rng.rand(*shape) >= zeros)
    known = x != 0
    masks = (rng.rand(2, *shape) < 0.6) & known
    found = list(families(masks, known, x))
    laws = list(all_laws(shape, x))
    assert [family.form for family in found] == [form for form, _ in laws]
    for family, (_, edges) in zip(found, laws, strict=True):
        assert len(family.pairs) == len(edges)
        for law, edge in enumerate(edges):
            count, agreed = brute(edge, masks, known)
            assert (family.pairs[law], list(family.agreed[:, law])) == (count, agreed), family.name(law)


@pytest.mark.parametrize("shape", [(6,), (4, 5), (3, 4, 2)], ids=str)
def test_the_counts_of_one_mask_in_another(shape: Place) -> None:
    rng = np.random.RandomState(1)
    known = rng.rand(*shape) < 0.8
    masks = (rng.rand(3, *shape) < 0.6) & known
    places = list(np.ndindex(*shape))
    for family, flipped in zip(crossed(masks[0], masks[1:], known), flips(len(shape)), strict=True):
        assert family.form == "pairs"
        for law, step in enumerate(places):
            there = torus_map(shape, flipped, step)
            edges = [(place, there(place)) for place in places if known[place] and known[there(place)]]
            assert family.pairs[law] == len(edges)
            for mask in (1, 2):
                assert family.agreed[mask - 1, law] == sum(masks[0][one] == masks[mask][two] for one, two in edges)


def test_axes_of_length_one_are_left_out_and_named_as_they_are() -> None:
    rng = np.random.RandomState(0)
    x = rng.normal(size=(30, 1, 20))
    known = np.ones(x.shape, dtype=bool)
    shown = {family.name(0) for family in families((rng.rand(1, *x.shape) < 0.5), known, x) if family.form == "chains"}
    assert "elements 1 apart along axis 2" in shown
    assert "elements 1 apart along axis 1" not in shown


# the bounds, by exact probabilities


def distribution(vertices: int, edges: list[tuple[int, int]], keep: float) -> Array:
    """P(S = s) for the number of agreeing edges of a small graph, by all of its masks."""
    masses = np.zeros(len(edges) + 1)
    for mask in itertools.product((0, 1), repeat=vertices):
        weight = math.prod(keep if bit else 1 - keep for bit in mask)
        masses[sum(mask[one] == mask[two] for one, two in edges)] += weight
    return masses


def cycle(length: int, start: int = 0) -> list[tuple[int, int]]:
    return [(start + i, start + (i + 1) % length) for i in range(length)]


def path(edges: int, start: int = 0) -> list[tuple[int, int]]:
    return [(start + i, start + i + 1) for i in range(edges)]


GRAPHS: list[tuple[Form, int, list[tuple[int, int]]]] = [
    ("pairs", 12, [(2 * i, 2 * i + 1) for i in range(6)]),
    ("chains", 12, path(11)),
    ("chains", 12, path(4) + path(6, 5)),
    ("chains", 8, [(0, 1), (2, 3), (4, 5), (6, 7)]),
    ("rings", 3, cycle(3)),
    ("rings", 4, cycle(4)),
    ("rings", 12, cycle(12)),
    ("rings", 12, cycle(3) + cycle(3, 3) + cycle(3, 6) + cycle(3, 9)),
    ("rings", 12, cycle(5) + cycle(4, 5) + path(2, 9)),
]


@pytest.mark.parametrize("keep", [0.05, 0.3, 0.5, 0.8, 0.97])
@pytest.mark.parametrize(("form", "vertices", "edges"), GRAPHS)
def test_no_tail_is_above_its_bound(form: Form, vertices: int, edges: list[tuple[int, int]], keep: float) -> None:
    masses = distribution(vertices, edges, keep)
    count = np.arange(len(edges) + 1)
    assert masses.sum() == pytest.approx(1)
    for theta in (-9.0, -2.0, -0.3, 0.2, 1.0, 8.0):
        exact = math.log(float((masses * np.exp(theta * count)).sum()))
        assert exact <= float(log_mgf(np.array(theta), keep, form)) * len(edges) + 1e-12
    bounds = np.exp(-evidence(count.astype(float), np.full(count.shape, len(edges)), keep, form))
    for s in count:
        tail = masses[s:].sum() if s > (masses * count).sum() else masses[: s + 1].sum()
        assert tail <= bounds[s] * (1 + 1e-9)


def test_the_bound_of_disjoint_pairs_is_nearly_exact_where_it_matters() -> None:
    """For counts that a level of 1e-12 just rejects, the bound is a small factor above the exact tail, no more."""
    n, a = 640, 0.58
    log_masses = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(a) + (n - k) * math.log(1 - a)
        for k in range(n + 1)
    ]
    s = 459
    exact = -math.log(math.fsum(map(math.exp, log_masses[s:])))
    seen = float(evidence(np.array([float(s)]), np.array([n]), 0.3, "pairs")[0])
    assert exact - 4 < seen <= exact


@pytest.mark.parametrize("form", ["pairs", "chains", "rings"])
def test_the_limits_leave_nothing_out(form: Form) -> None:
    """`limits` is a quick look: whatever has enough evidence is beyond them."""
    for keep, pairs_ in itertools.product((0.05, 0.3, 0.5, 0.9), (1, 30, 200, 1501)):
        count = np.arange(pairs_ + 1).astype(float)
        for need in (5.0, 32.0):
            low, high = limits(np.array([pairs_]), keep, form, need)
            beyond = (count < low) | (count > high)
            assert beyond[evidence(count, np.full(count.shape, pairs_), keep, form) > need].all()


def test_the_levels_of_all_laws_add_up() -> None:
    for laws in (1, 78, 23_300):
        assert 4 * laws * level(laws) == pytest.approx(1e-9)
        assert 2 * laws * math.exp(-needed(laws)) == pytest.approx(1e-9 / 4)


def test_the_likeliest_value_of_a_count() -> None:
    for n, p in ((1, 0.3), (7, 0.5), (40, 0.9), (75, 0.02)):
        masses = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
        assert math.exp(greatest_mass(n, p)) == pytest.approx(max(masses))


def test_equal_counts_are_wrong_where_chance_cannot_make_them() -> None:
    known = np.ones((4, 100), dtype=bool)
    mask = np.arange(400).reshape(1, 4, 100) % 2 == 0
    # four rows with 50 of 100 each: by chance once in two thousand times
    assert judge_counts(mask, known, 0.5) is None
    assert judge_counts(np.repeat(mask, 12, axis=0), known, 0.5) is not None
    assert judge_counts(mask[:, :, :99], known[:, :99], 0.5) is None


def test_a_family_has_a_name_for_each_law() -> None:
    rng = np.random.RandomState(0)
    x = rng.normal(size=(20, 20, 3))
    found: list[Family] = list(families(rng.rand(1, *x.shape) < 0.5, np.ones(x.shape, dtype=bool), x))
    assert all(family.name(0) and family.name(family.pairs.size - 1) for family in found)
