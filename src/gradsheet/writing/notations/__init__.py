"""Views of one derivation: with indices, as chains of Jacobians, with a δ for each layer."""
