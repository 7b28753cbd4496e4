"""Every kind of edit, in the order of the report's kinds of slip. A new one is a function and a row in its module."""

from __future__ import annotations

from gradsheet.checking.slips import arithmetic, arrangement, factor, index, operand, shape, sign, term

EDITS = (
    *sign.RULES,
    *factor.RULES,
    *term.RULES,
    *operand.RULES,
    *index.RULES,
    *arrangement.RULES,
    *shape.RULES,
    *arithmetic.RULES,
)
