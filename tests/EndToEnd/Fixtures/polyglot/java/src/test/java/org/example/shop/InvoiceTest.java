package org.example.shop;

import java.util.List;

public class InvoiceTest {
  public void addsAmounts() {
    assert new Invoice(List.of(1, 2)).total() == 3;
  }
}
