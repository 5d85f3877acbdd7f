"""Reading the log again for this stage alone. What people write goes through `services`."""
