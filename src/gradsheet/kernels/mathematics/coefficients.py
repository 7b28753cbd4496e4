"""Polynomials by increasing powers, as `tools/polynomials.py` writes them: near the least largest error."""

from __future__ import annotations

# (e^r − 1 − r)/r² for |r| ≤ ½ ln 2.
EXP = {
    "f64": (
        float.fromhex("0x1.0000000000000p-1"),
        float.fromhex("0x1.5555555555557p-3"),
        float.fromhex("0x1.5555555555556p-5"),
        float.fromhex("0x1.11111111100dcp-7"),
        float.fromhex("0x1.6c16c16c162d4p-10"),
        float.fromhex("0x1.a01a01abe7fe1p-13"),
        float.fromhex("0x1.a01a01a6d889cp-16"),
        float.fromhex("0x1.71de0231960ebp-19"),
        float.fromhex("0x1.27e4db646b17ep-22"),
        float.fromhex("0x1.af4de97ca4194p-26"),
        float.fromhex("0x1.1f730349868cep-29"),
    ),
    "f32": (
        float.fromhex("0x1.0000000000000p-1"),
        float.fromhex("0x1.5555560000000p-3"),
        float.fromhex("0x1.5554ea0000000p-5"),
        float.fromhex("0x1.1110e00000000p-7"),
        float.fromhex("0x1.6d43240000000p-10"),
        float.fromhex("0x1.a124f20000000p-13"),
    ),
}
# (2 artanh(s) − 2 s)/s³ in s², for m between √½ and √2.
LOG = {
    "f64": (
        float.fromhex("0x1.5555555555555p-1"),
        float.fromhex("0x1.9999999999a38p-2"),
        float.fromhex("0x1.2492492476c42p-2"),
        float.fromhex("0x1.c71c720168526p-3"),
        float.fromhex("0x1.745cf8fe328f9p-3"),
        float.fromhex("0x1.3b1c36b445cebp-3"),
        float.fromhex("0x1.0fbe71ad855c9p-3"),
        float.fromhex("0x1.0c05166ec4148p-3"),
    ),
    "f32": (
        float.fromhex("0x1.5555560000000p-1"),
        float.fromhex("0x1.9999ec0000000p-2"),
        float.fromhex("0x1.245c3e0000000p-2"),
        float.fromhex("0x1.ddd00c0000000p-3"),
    ),
}
# (tanh x − x)/x³ in x², for |x| ≤ 1.
TANH = {
    "f64": (
        float.fromhex("-0x1.5555555555555p-2"),
        float.fromhex("0x1.11111111110b9p-3"),
        float.fromhex("-0x1.ba1ba1ba1453ep-5"),
        float.fromhex("0x1.664f4880d2a47p-6"),
        float.fromhex("-0x1.226e3519865dfp-7"),
        float.fromhex("0x1.d6d3c538d0bbep-9"),
        float.fromhex("-0x1.7da2bdc3daa27p-10"),
        float.fromhex("0x1.3551ae34bdfffp-11"),
        float.fromhex("-0x1.f5211730ee038p-13"),
        float.fromhex("0x1.94981e5bdbe6fp-14"),
        float.fromhex("-0x1.42090e21d3d28p-15"),
        float.fromhex("0x1.ea19b73b128d8p-17"),
        float.fromhex("-0x1.4eb911dcd9788p-18"),
        float.fromhex("0x1.7238a0a7e22b6p-20"),
        float.fromhex("-0x1.1ab979c0ab58cp-22"),
        float.fromhex("0x1.b028f6cb72ebfp-26"),
    ),
    "f32": (
        float.fromhex("-0x1.5555560000000p-2"),
        float.fromhex("0x1.1110f20000000p-3"),
        float.fromhex("-0x1.ba117c0000000p-5"),
        float.fromhex("0x1.65a7c40000000p-6"),
        float.fromhex("-0x1.1d02d60000000p-7"),
        float.fromhex("0x1.a452780000000p-9"),
        float.fromhex("-0x1.e42e300000000p-11"),
        float.fromhex("0x1.2b75820000000p-13"),
    ),
}
