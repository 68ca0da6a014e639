package hub

// Seats hands out the places inside, over all gateways ([store.Store]).
type Seats interface{}
