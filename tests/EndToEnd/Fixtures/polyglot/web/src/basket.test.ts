import { Basket } from "./basket";

test("adds prices", () => {
  const basket = new Basket();
  basket.add({ name: "tea", price: 3 });
  expect(basket.total).toBe(3);
});
