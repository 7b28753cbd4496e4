"""Nodes, named axes, shapes. Constructors never simplify."""

from gradsheet.expressions.affine import Affine, Atom, Index, Size, SizeMember
from gradsheet.expressions.bounds import at_least_zero, inside, outside
from gradsheet.expressions.canonical import key, same
from gradsheet.expressions.nodes import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    AnyNode,
    ArrayCall,
    Call,
    Condition,
    Configurations,
    Constant,
    Expr,
    Integer,
    Invoke,
    Junction,
    Lambda,
    Multiply,
    Negation,
    Number,
    OverData,
    Partial,
    Piecewise,
    Power,
    Reduce,
    Relation,
    affine_indices,
    children,
    number,
)
from gradsheet.expressions.rewriting import apply, fold, rename_bound, replace_symbols, substitute, transform, walk
from gradsheet.expressions.symbols import REAL, Role, Symbol, Unspecified, ValueSet
from gradsheet.memory import paused_collection, rare_collection

__all__ = [
    "ONE_EXPR", "REAL", "ZERO_EXPR", "Access", "Add", "Affine", "AnyNode", "ArrayCall", "Atom", "Call", "Condition",
    "Configurations", "Constant", "Expr", "Index", "Integer", "Invoke", "Junction", "Lambda", "Multiply", "Negation",
    "Number", "OverData", "Partial", "Piecewise", "Power", "Reduce", "Relation", "Role", "Size", "SizeMember",
    "Symbol", "Unspecified", "ValueSet", "affine_indices", "apply", "at_least_zero", "children", "fold", "inside",
    "key", "number", "outside", "paused_collection", "rare_collection",
    "rename_bound", "replace_symbols", "same", "substitute", "transform", "walk",
]  # fmt: skip
