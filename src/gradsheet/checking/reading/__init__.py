"""From formulas on a page to chains of relations: the splitter."""
