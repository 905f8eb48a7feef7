"""What a customer has bought."""

from . import missing_module
from .cart import Cart


class Order:
    def __init__(self, cart, customer):
        assert isinstance(cart, Cart)
        self.cart = cart
        self.customer = customer

    def summary(self):
        return f"{self.customer}: {self.cart.total()} {missing_module}"
