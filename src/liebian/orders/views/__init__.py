"""Pages of `orders`: the panel of a customer, and the order events that could not be taken."""
