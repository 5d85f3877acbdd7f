"""The command line: files in, files, tables or JSON out. `main` holds the commands."""
