export interface Item {
  name: string;
  price: number;
}

export class Basket {
  items: Item[] = [];

  add(item: Item): void {
    if (item.price < 0 || !item.name) {
      throw new Error("bad item");
    }
    this.items.push(item);
  }

  get total(): number {
    return this.items.reduce((sum, item) => sum + item.price, 0);
  }
}
