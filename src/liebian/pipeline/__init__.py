"""The stages as people see and steer them. Owns the list of units, how a failing unit is retried, stopped or relieved of the
event that stops it, and the page that shows it. Does not own what a stage does, or its cursor.
"""
