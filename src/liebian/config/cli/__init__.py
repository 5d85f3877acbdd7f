"""The command line `liebian`: one module per group of commands. Talks to people (rich) or to programs (--json)."""
