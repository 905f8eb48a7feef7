package store

import "sync"

// Store keeps counts by name.
type Store struct {
	mutex  sync.Mutex
	counts map[string]int
}

// New makes an empty store.
func New() *Store {
	return &Store{counts: map[string]int{}}
}

// Put adds to a count.
func (s *Store) Put(name string, count int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if name == "" || count == 0 {
		return
	}
	s.counts[name] += count
}

// Get returns a count.
func (s *Store) Get(name string) int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.counts[name]
}
