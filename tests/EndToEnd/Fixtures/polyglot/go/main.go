package main

import (
	"fmt"

	"example.org/polyglot/store"
)

func main() {
	items := store.New()
	items.Put("tea", 3)
	fmt.Println(items.Get("tea"))
}
