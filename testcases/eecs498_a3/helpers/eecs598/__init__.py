"""What a submission may import from its course's package: a solver, gradient checks and the seed."""

from . import data, grad, solver, utils, vis
from .solver import Solver
from .utils import reset_seed
from .vis import tensor_to_image, visualize_dataset

__all__ = [
    "Solver",
    "data",
    "grad",
    "reset_seed",
    "solver",
    "tensor_to_image",
    "utils",
    "vis",
    "visualize_dataset",
]
