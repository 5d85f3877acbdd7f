"""The visual language: shell, components, formats, charts, assets. Knows no customer, no money owed, no permission."""
