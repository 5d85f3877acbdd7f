"""What staff see of what arrives: sources, newest arrivals, schemas, quarantine. Reads only; the writes are in services."""
