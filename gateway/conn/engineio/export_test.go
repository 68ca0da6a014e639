package engineio

// Polling reports whether a poll of the session waits: what a client cannot
// see and a test of held polls has to wait for.
func Polling(s *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.poll != nil
}
