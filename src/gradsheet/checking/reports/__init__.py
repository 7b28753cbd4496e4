"""A checked document for people and programs: terminal, Markdown, HTML, JSON, a table of a class."""
