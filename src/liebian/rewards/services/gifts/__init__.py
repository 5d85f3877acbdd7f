"""Gifts that are sent: filling their stock, their parcels, where the parcels go."""

from liebian.rewards.services.gifts.addresses import erase_addresses, set_address, set_own_address
from liebian.rewards.services.gifts.intake import restock
from liebian.rewards.services.gifts.shipping import move_parcels
from liebian.rewards.services.gifts.tables import ship_table

__all__ = ["erase_addresses", "move_parcels", "restock", "set_address", "set_own_address", "ship_table"]
