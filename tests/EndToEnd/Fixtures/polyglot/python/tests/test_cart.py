from shop.cart import Cart


def test_total():
    cart = Cart()
    cart.add("tea", 2)
    assert cart.total() == 6
