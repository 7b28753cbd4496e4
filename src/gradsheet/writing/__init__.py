"""From derived equations to what people read: formulas, tables, data."""
