"""Who will stay away: models of the chance that a customer does not buy again within a horizon, and how well they hold."""
