"""Programs as kernels: loops over arrays, tiled products, one call for a whole epoch."""
