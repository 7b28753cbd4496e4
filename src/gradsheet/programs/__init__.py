"""From a derivation to a program: assignments to arrays, by named passes that each keep what is computed."""
