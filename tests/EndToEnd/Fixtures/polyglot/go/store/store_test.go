package store

import "testing"

func TestPut(t *testing.T) {
	s := New()
	s.Put("tea", 2)
	if s.Get("tea") != 2 {
		t.Fatal("lost tea")
	}
}
