package conn

import "context"

// Place is one live connection's place among all that a server may hold. Who
// serves the request takes it and lets it go; a handler that keeps the
// connection beyond its own end keeps the place as well ([KeepPlace]).
type Place struct {
	leave func()
	kept  bool // the request's goroutine's
}

type placeKey struct{}

// WithPlace puts a place into a request's context. Leave is called once, when
// the connection is over.
func WithPlace(ctx context.Context, leave func()) (context.Context, *Place) {
	p := &Place{leave: leave}
	return context.WithValue(ctx, placeKey{}, p), p
}

// Leave gives the place back, unless the handler has kept it.
func (p *Place) Leave() {
	if !p.kept {
		p.leave()
	}
}

// KeepPlace keeps the place of a request beyond its handler, which calls this,
// and returns what gives it back. It does nothing for a request without a place.
func KeepPlace(ctx context.Context) (leave func()) {
	p, _ := ctx.Value(placeKey{}).(*Place)
	if p == nil || p.kept {
		return func() {}
	}
	p.kept = true
	return p.leave
}
