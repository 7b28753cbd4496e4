"""Every diagnostic code with its title; `docs/errors.md` has a section for each, and a test holds the two together."""

from __future__ import annotations

CODES: dict[str, str] = {
    # reading
    "GS001": "input cannot be read",
    "GS002": "input is not UTF-8",
    "GS003": "input is too large",
    "GS101": "unexpected character",
    "GS102": "syntax error",
    "GS103": "bracket is not closed",
    "GS104": "nested too deeply",
    "GS105": "number out of range",
    "GS106": "ambiguous function argument",
    "GS107": "indentation",
    "GS108": "not part of the language",
    "GS109": "LaTeX with two readings",
    # names and structure
    "GS201": "unknown name",
    "GS202": "used before it is defined",
    "GS203": "defined twice",
    "GS204": "definitions form a cycle",
    "GS205": "index is not bound",
    "GS206": "index out of its range",
    "GS207": "index range is not known",
    "GS208": "function used without its argument",
    "GS209": "wrong number of arguments or indices",
    "GS210": "nothing to differentiate",
    "GS211": "objective is not a scalar",
    "GS212": "sizes that cannot be read",
    "GS213": "not a parameter",
    "GS214": "derivative cannot be taken",
    # shapes
    "GS301": "shapes do not conform",
    "GS302": "product of two vectors",
    "GS303": "axis is needed",
    "GS304": "matrix is needed",
    "GS305": "axes start at different indices",
    # values
    "GS401": "value is missing",
    "GS402": "value has the wrong shape",
    "GS403": "value is outside its set",
    "GS404": "sizes in conflict",
    "GS405": "undefined at the given values",
    "GS406": "value cannot be read",
    "GS407": "cannot be decided at this precision",
    "GS408": "too large to evaluate exactly",
    # engine
    "GS501": "no derivative rule",
    "GS502": "gradient failed its verification",
    "GS503": "gradient could not be verified",
    # command line
    "GS601": "wrong use of an option",
    "GS602": "file cannot be written",
    "GS603": "no exercise can be made",
    "GS604": "graph cannot be drawn",
    "GS605": "pages cannot be set",
    # documents
    "GS701": "document cannot be read",
    "GS702": "front matter cannot be read",
    "GS703": "macro cannot be expanded",
    "GS704": "too many formulas",
    # checking: what is said of a document
    "GS710": "context cannot be read",
    "GS711": "context has the wrong form",
    "GS712": "spelling in a context cannot be read",
    "GS713": "sheet of a context is missing",
    # checking: what is asked for, and many documents
    "GS720": "marks cannot be read",
    "GS721": "library for several processes is missing",
    "GS722": "check ran out of time",
    "GS723": "nothing to check",
    "GS724": "check broke off",
    # programs and exports
    "GS801": "nothing to compute",
    "GS802": "size has to be a number",
    "GS803": "target lacks an operation",
    "GS804": "array does not fit",
    # verifying: functions of other people
    "GS901": "function cannot be loaded",
    "GS902": "not a function with a backward pass",
    "GS903": "library of the function is missing",
    "GS904": "function does not fit the sheet",
    "GS905": "function raised an error",
    "GS906": "function did not end",
    "GS907": "function returned what cannot be compared",
    "GS909": "sheet cannot be verified against",
}
