"""`python -m gradsheet` is the command `gradsheet`."""

from gradsheet.cli import main

main()
