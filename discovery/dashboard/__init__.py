"""The browser: pages that read a selection, load a Run, and show charts and tables. No numbers are made here."""
