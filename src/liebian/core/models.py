"""Cursor: how far a reader has come in a log. Moves in the transaction that writes the reader's output."""

from django.db import models


class Cursor(models.Model):
    name = models.CharField(max_length=100, primary_key=True)
    position = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "core_cursor"
