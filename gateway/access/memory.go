package access

import (
	"sync"
	"time"
)

// memory remembers answers for a while. Guarded by mu.
//
// Two callers that miss together both ask: the questions are cheap, and nobody
// waits on another's context.
type memory[K comparable, V any] struct {
	limit int
	ttl   time.Duration

	mu      sync.Mutex
	epoch   int // grows with every drop: an answer of before a change is not kept after it
	answers map[K]answer[V]
}

type answer[V any] struct {
	value V
	until time.Time
}

func newMemory[K comparable, V any](limit int, ttl time.Duration) *memory[K, V] {
	return &memory[K, V]{limit: limit, ttl: ttl, answers: map[K]answer[V]{}}
}

// get returns the remembered answer or asks for it. A failure is not
// remembered.
func (m *memory[K, V]) get(now time.Time, key K, ask func() (V, error)) (V, error) {
	m.mu.Lock()
	known, found := m.answers[key]
	epoch := m.epoch
	m.mu.Unlock()
	if found && now.Before(known.until) {
		return known.value, nil
	}
	value, err := ask()
	if err != nil {
		return value, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if epoch == m.epoch {
		m.makeRoom(now, key)
		m.answers[key] = answer[V]{value, now.Add(m.ttl)}
	}
	return value, nil
}

// makeRoom keeps the table within its limit: first what is over goes, then
// anything, because whoever fills the table with questions must not make it
// grow.
func (m *memory[K, V]) makeRoom(now time.Time, key K) {
	if _, found := m.answers[key]; found || len(m.answers) < m.limit {
		return
	}
	const few = 16 // so that a flood of questions does not make each one search the whole table
	looked := 0
	for k, a := range m.answers {
		if looked++; looked <= few && now.Before(a.until) {
			continue
		}
		delete(m.answers, k)
		return
	}
}

func (m *memory[K, V]) drop(stale func(K, V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
	for k, a := range m.answers {
		if stale(k, a.value) {
			delete(m.answers, k)
		}
	}
}
