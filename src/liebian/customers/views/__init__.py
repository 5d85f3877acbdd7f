"""Pages of `customers`: the list, one person, the reveal of a personal field, erasing somebody."""

from liebian.customers.views.erase import erase
from liebian.customers.views.listing import customer_list
from liebian.customers.views.person import customer_page, customer_timeline
from liebian.customers.views.reveal import reveal

__all__ = ["customer_list", "customer_page", "customer_timeline", "erase", "reveal"]
