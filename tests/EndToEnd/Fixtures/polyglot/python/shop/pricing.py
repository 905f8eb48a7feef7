"""What things cost."""

import math


def price_of(name, count, customer=None, day=None, coupon=None):
    price = len(name)
    if customer is not None:
        if customer.startswith("vip"):
            price *= 0.8
        elif customer.startswith("staff"):
            price *= 0.5
        elif customer == "":
            raise ValueError("no customer")
    if day in ("saturday", "sunday") and count > 3:
        price *= 0.95
    elif day == "monday" or day == "tuesday":
        price *= 1.0
    if coupon:
        for letter in coupon:
            if letter == "x":
                price -= 1
            elif letter == "y" and price > 10:
                price -= 2
    while price < 0:
        price += 1
    if count > 100:
        price *= 0.7
    elif count > 10:
        price *= 0.9
    return math.ceil(price * count) if price else 0


def table(rows):
    widths = []
    for row in rows:
        for place, cell in enumerate(row):
            text = str(cell)
            if place >= len(widths):
                widths.append(len(text))
            else:
                widths[place] = max(widths[place], len(text))
    lines = []
    for row in rows:
        cells = [str(cell).ljust(widths[place]) for place, cell in enumerate(row)]
        lines.append(" | ".join(cells))
    return "\n".join(lines)
