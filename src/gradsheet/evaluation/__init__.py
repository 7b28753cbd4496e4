"""Exact, certified and float evaluation of equations."""

from gradsheet.evaluation.configurations import MOST_FLOATS, TooManyConfigurationsError
from gradsheet.evaluation.domains import CertifiedDomain, Domain, Float64, JetDomain, UndecidedError
from gradsheet.evaluation.evaluate import Evaluator
from gradsheet.evaluation.named import Named
from gradsheet.evaluation.ordering import CyclicDefinitionError, Stage, stages
from gradsheet.evaluation.program import Program, UndefinedValueError
from gradsheet.evaluation.sizes import Sizes
from gradsheet.evaluation.values import Inputs, ValueReader

__all__ = [
    "MOST_FLOATS",
    "CertifiedDomain",
    "CyclicDefinitionError",
    "Domain",
    "Evaluator",
    "Float64",
    "Inputs",
    "JetDomain",
    "Named",
    "Program",
    "Sizes",
    "Stage",
    "TooManyConfigurationsError",
    "UndecidedError",
    "UndefinedValueError",
    "ValueReader",
    "stages",
]
