"""gradsheet: equations in, verified gradients out."""
