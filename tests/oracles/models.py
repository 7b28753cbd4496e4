"""Every oracle by the path of its sheet: the corpus in tests/sheets, then the examples."""

from __future__ import annotations

from oracles.attention import ATTENTION
from oracles.classification import CLASSIFICATION
from oracles.convolutions import CONVOLUTIONS
from oracles.energies import ENERGIES
from oracles.examples import EXAMPLE_SYSTEMS
from oracles.linear import LINEAR
from oracles.networks import NETWORKS
from oracles.probability import PROBABILITY
from oracles.scalars import SCALARS
from oracles.sequences import SEQUENCES
from oracles.uncommon import UNCOMMON

CORPUS = {
    oracle.sheet: oracle
    for theme in (
        LINEAR, CLASSIFICATION, NETWORKS, SEQUENCES, CONVOLUTIONS, ATTENTION, PROBABILITY, ENERGIES, SCALARS, UNCOMMON,
    )
    for oracle in theme
}  # fmt: skip

EXAMPLES = {oracle.sheet: oracle for oracle in EXAMPLE_SYSTEMS}

ORACLES = {
    **{f"tests/sheets/{stem}.sheet": oracle for stem, oracle in CORPUS.items()},
    **{f"examples/{stem}.sheet": oracle for stem, oracle in EXAMPLES.items()},
}
