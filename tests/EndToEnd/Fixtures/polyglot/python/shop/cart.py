"""What a customer wants to buy."""

from .order import Order
from .pricing import price_of


class Cart:
    def __init__(self):
        self.items = []

    def add(self, name, count=1):
        if count < 1:
            raise ValueError("count must be positive")
        self.items.append((name, count))

    def total(self):
        return sum(price_of(name, count) for name, count in self.items)

    def checkout(self, customer):
        # FIXME: two checkouts at the same time sell the last item twice
        if not self.items:
            return None
        return Order(self, customer)
