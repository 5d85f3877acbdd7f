"""File imports: how a table of orders becomes events. Reads files and decides; writes nothing and knows no Django."""
