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
# ((2 artanh(s) − 2 s)/s³ − 2/3)/s² in s², for the same s.
LOG_REST = {
    "f64": (
        float.fromhex("0x1.999999999999ap-2"),
        float.fromhex("0x1.2492492492522p-2"),
        float.fromhex("0x1.c71c71c6ea994p-3"),
        float.fromhex("0x1.745d177a9cebap-3"),
        float.fromhex("0x1.3b1395cf37e45p-3"),
        float.fromhex("0x1.1118c8814a0b1p-3"),
        float.fromhex("0x1.df7ca8236e9e1p-4"),
        float.fromhex("0x1.e02fc68c381f4p-4"),
    ),
    "f32": (
        float.fromhex("0x1.99999a0000000p-2"),
        float.fromhex("0x1.24928e0000000p-2"),
        float.fromhex("0x1.c6c0e20000000p-3"),
        float.fromhex("0x1.8796c20000000p-3"),
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
# (sin r − r)/r³ in r², for |r| ≤ π/4.
SIN = {
    "f64": (
        float.fromhex("-0x1.5555555555555p-3"),
        float.fromhex("0x1.1111111110bb1p-7"),
        float.fromhex("-0x1.a01a019e8357dp-13"),
        float.fromhex("0x1.71de37961e4c6p-19"),
        float.fromhex("-0x1.ae600a926c89ap-26"),
        float.fromhex("0x1.5e0af186af739p-33"),
    ),
    "f32": (
        float.fromhex("-0x1.5555560000000p-3"),
        float.fromhex("0x1.11110e0000000p-7"),
        float.fromhex("-0x1.a013a60000000p-13"),
        float.fromhex("0x1.6dbdd20000000p-19"),
    ),
}
# (cos r − 1 + r²/2)/r⁴ in r², for |r| ≤ π/4.
COS = {
    "f64": (
        float.fromhex("0x1.5555555555555p-5"),
        float.fromhex("-0x1.6c16c16c16966p-10"),
        float.fromhex("0x1.a01a019f4e867p-16"),
        float.fromhex("-0x1.27e4fa17a41b4p-22"),
        float.fromhex("0x1.1eeb68b109173p-29"),
        float.fromhex("-0x1.907d7aebd5e3dp-37"),
    ),
    "f32": (
        float.fromhex("0x1.5555540000000p-5"),
        float.fromhex("-0x1.6c12d20000000p-10"),
        float.fromhex("0x1.9bd8640000000p-16"),
    ),
}
# (arctan t − t)/t³ in t², for t ≤ tan π/8.
ARCTAN = {
    "f64": (
        float.fromhex("-0x1.5555555555555p-2"),
        float.fromhex("0x1.9999999999953p-3"),
        float.fromhex("-0x1.249249248d7dcp-3"),
        float.fromhex("0x1.c71c71c303dbbp-4"),
        float.fromhex("-0x1.745d165dc9713p-4"),
        float.fromhex("0x1.3b1392d519db1p-4"),
        float.fromhex("-0x1.110e87b4357d2p-4"),
        float.fromhex("0x1.e19a0bfa3eef9p-5"),
        float.fromhex("-0x1.ac7a5a79b3f26p-5"),
        float.fromhex("0x1.74dccfb93fff0p-5"),
        float.fromhex("-0x1.1b311bb48c215p-5"),
        float.fromhex("0x1.0acd9e91a5a35p-6"),
    ),
    "f32": (
        float.fromhex("-0x1.5555560000000p-2"),
        float.fromhex("0x1.99997c0000000p-3"),
        float.fromhex("-0x1.248a160000000p-3"),
        float.fromhex("0x1.c57b920000000p-4"),
        float.fromhex("-0x1.6143780000000p-4"),
        float.fromhex("0x1.9d86ec0000000p-5"),
    ),
}
# (arcsin t − t)/t³ in t², for |t| ≤ ½.
ARCSIN = {
    "f64": (
        float.fromhex("0x1.5555555555555p-3"),
        float.fromhex("0x1.3333333333388p-4"),
        float.fromhex("0x1.6db6db6dac1e0p-5"),
        float.fromhex("0x1.f1c71c7a52ba3p-6"),
        float.fromhex("0x1.6e8ba123e494cp-6"),
        float.fromhex("0x1.1c4efce23019fp-6"),
        float.fromhex("0x1.c990ad3d8fdcap-7"),
        float.fromhex("0x1.7b027ee1dd585p-7"),
        float.fromhex("0x1.3b49de7121487p-7"),
        float.fromhex("0x1.31622469ce5adp-7"),
        float.fromhex("0x1.8f193743418ffp-9"),
        float.fromhex("0x1.406192d124629p-6"),
        float.fromhex("-0x1.3b416bb7d9257p-6"),
        float.fromhex("0x1.e529c6fce9bb4p-6"),
    ),
    "f32": (
        float.fromhex("0x1.5555560000000p-3"),
        float.fromhex("0x1.33331e0000000p-4"),
        float.fromhex("0x1.6dc0f00000000p-5"),
        float.fromhex("0x1.efedf80000000p-6"),
        float.fromhex("0x1.82db240000000p-6"),
        float.fromhex("0x1.5a80a00000000p-7"),
        float.fromhex("0x1.fb7ca40000000p-6"),
    ),
}
# erf(x)/x − 1 in x², for |x| ≤ 1.
ERF = {
    "f64": (
        float.fromhex("0x1.06eba8214db68p-3"),
        float.fromhex("-0x1.812746b0379c1p-2"),
        float.fromhex("0x1.ce2f21a040f66p-4"),
        float.fromhex("-0x1.b82ce31203772p-6"),
        float.fromhex("0x1.565bccfa44156p-8"),
        float.fromhex("-0x1.c02db0665e53dp-11"),
        float.fromhex("0x1.f9a2be4f731a1p-14"),
        float.fromhex("-0x1.f4ca838adb73bp-17"),
        float.fromhex("0x1.b981d78881a5dp-20"),
        float.fromhex("-0x1.5c131500d3f88p-23"),
        float.fromhex("0x1.d76af6ca49787p-27"),
        float.fromhex("-0x1.ac9585a44fe29p-31"),
    ),
    "f32": (
        float.fromhex("0x1.06eba80000000p-3"),
        float.fromhex("-0x1.81273e0000000p-2"),
        float.fromhex("0x1.ce2d100000000p-4"),
        float.fromhex("-0x1.b7faba0000000p-6"),
        float.fromhex("0x1.5412700000000p-8"),
        float.fromhex("-0x1.a450880000000p-11"),
        float.fromhex("0x1.4a56900000000p-14"),
    ),
}
# (Φ(x) − ½)/x in x², for |x| ≤ 1.
NORMAL = {
    "f64": (
        float.fromhex("0x1.9884533d43651p-2"),
        float.fromhex("-0x1.1058377e2cedfp-4"),
        float.fromhex("0x1.46d0429769010p-7"),
        float.fromhex("-0x1.37403f6b93143p-10"),
        float.fromhex("0x1.e42b0d4b14d39p-14"),
        float.fromhex("-0x1.3ce8f9bacee1ep-17"),
        float.fromhex("0x1.6589f17ce2693p-21"),
        float.fromhex("-0x1.621cc567a99f7p-25"),
        float.fromhex("0x1.380b151d37375p-29"),
        float.fromhex("-0x1.e69d43072e1f8p-34"),
        float.fromhex("0x1.1eb48cc19cdecp-38"),
    ),
    "f32": (
        float.fromhex("0x1.9884540000000p-2"),
        float.fromhex("-0x1.1058320000000p-4"),
        float.fromhex("0x1.46ce580000000p-7"),
        float.fromhex("-0x1.36fe320000000p-10"),
        float.fromhex("0x1.dc102a0000000p-14"),
        float.fromhex("-0x1.010b860000000p-17"),
    ),
}
# Φ(−t) e^(t²/2) (t + c) in (t − c)/(t + c), c = 5, for 1 ≤ t ≤ 40.
NORMAL_TAIL = {
    "f64": (
        float.fromhex("0x1.89d3abe1f95aep-1"),
        float.fromhex("-0x1.54ad03f27ca18p-1"),
        float.fromhex("0x1.fb31653876f8cp-2"),
        float.fromhex("-0x1.410ed5f875936p-2"),
        float.fromhex("0x1.51f6329f019f9p-3"),
        float.fromhex("-0x1.1b1c254ca525fp-4"),
        float.fromhex("0x1.54b4d4f4a1eedp-6"),
        float.fromhex("-0x1.88590e94df9d3p-9"),
        float.fromhex("-0x1.a25037a22b615p-11"),
        float.fromhex("0x1.1daf1a30f26acp-11"),
        float.fromhex("-0x1.f2147c7d4c64dp-15"),
        float.fromhex("-0x1.a16fc1a762d73p-15"),
        float.fromhex("0x1.17de1d44ea44ep-16"),
        float.fromhex("0x1.0b09027c434e2p-18"),
        float.fromhex("-0x1.73c48623bbd68p-19"),
        float.fromhex("-0x1.6518b6acdb2d1p-22"),
        float.fromhex("0x1.d2493d89e3d2dp-22"),
        float.fromhex("0x1.3928974f43ae2p-25"),
        float.fromhex("-0x1.1fa5d7b753b58p-24"),
        float.fromhex("-0x1.353dbaee357b9p-28"),
        float.fromhex("0x1.0ff274ced3c1fp-27"),
    ),
    "f32": (
        float.fromhex("0x1.89d3ac0000000p-1"),
        float.fromhex("-0x1.54ad040000000p-1"),
        float.fromhex("0x1.fb31600000000p-2"),
        float.fromhex("-0x1.410eba0000000p-2"),
        float.fromhex("0x1.51f6ee0000000p-3"),
        float.fromhex("-0x1.1b218c0000000p-4"),
        float.fromhex("0x1.54934e0000000p-6"),
        float.fromhex("-0x1.84f7a80000000p-9"),
        float.fromhex("-0x1.99bc180000000p-11"),
        float.fromhex("0x1.fea52e0000000p-12"),
        float.fromhex("-0x1.06fdb80000000p-14"),
    ),
}
# 2/π in 24 bits at a time.
TWO_OVER_PI = (
    10680707, 7228996, 1387004, 2578385, 16069853, 12639074, 9804092, 4427841,
    16666979, 11263675, 12935607, 2387514, 4345298, 14681673, 3074569, 13734428,
    16653803, 1880361, 10960616, 8533493, 3062596, 8710556, 7349940, 6258241,
    3772886, 3769171, 3798172, 8675211, 12450088, 3874808, 9961438, 366607,
    15675153, 9132554, 7151469, 3571407, 2607881, 12013382, 4155038, 6285869,
    7677882, 13102053, 15825725, 473591, 9065106, 15363067, 6271263, 9264392,
    5636912, 4652155, 7056368, 13614112, 10155062, 1944035, 9527646, 15080200,
)
