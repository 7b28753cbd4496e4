"""What a formula is worth: bound trees evaluated at points in ball arithmetic, derivatives by pushing jets."""
