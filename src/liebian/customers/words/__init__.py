"""What pages of `customers` say about tiers, events and facts, in the language of the page. Reads nothing, writes nothing."""
