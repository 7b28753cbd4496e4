"""Names on a page bound to a sheet: in what is written, nothing is judged that nobody says anything about."""
