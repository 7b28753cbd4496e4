"""Data for training: files and arrays, read, checked against what a sheet needs, and parted."""

from gradsheet.training.data.dataset import Dataset, Summary
from gradsheet.training.data.naming import read_mapping
from gradsheet.training.data.needs import Need, needs_of
from gradsheet.training.data.reading import open_table, read
from gradsheet.training.data.splitting import Split, split
from gradsheet.training.data.tables import Budget

__all__ = ["Budget", "Dataset", "Need", "Split", "Summary", "needs_of", "open_table", "read", "read_mapping", "split"]
