"""``python -m discovery`` is the command line."""

from discovery.cli import main

main()
