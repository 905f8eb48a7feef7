package org.example.shop;

import java.util.List;
import org.example.shop.Invoice;

public class Main {
  public static void main(String[] arguments) {
    System.out.println(new Invoice(List.of(1, 2, 3)).total());
  }
}
