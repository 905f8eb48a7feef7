package org.example.shop;

import java.util.List;

public class Invoice {
  private final List<Integer> amounts;

  public Invoice(List<Integer> amounts) {
    this.amounts = amounts;
  }

  public int total() {
    int total = 0;
    for (int amount : amounts) {
      if (amount > 0) {
        total += amount;
      }
    }
    return total;
  }
}
