"""Does what we have follow from the log? Reads the log from zero into a second installation and compares.

Staff's decisions (programmes with their drawn arms, segments, tier models, budgets and their funding) are records: they are
copied first. Everything else is made anew by the stages. The second installation is on SQLite files in a temporary folder,
whatever the first one is on: it needs no rights on a server, and on PostgreSQL it shows too that both databases give the same.
"""

from liebian.config.replay.check import check_replay

__all__ = ["check_replay"]
