import { Basket } from "./basket";
import { euros } from "./format.js";

export function render(basket: Basket): string {
  const lines = basket.items.map((item) => `${item.name}: ${euros(item.price)}`);
  return lines.join("\n");
}
