package auth

import (
	"context"
	"net"
	"net/http"

	"maunium.net/go/mautrix/federation"
)

// AskKeys is one turn of what Run does every quarter of an hour.
func (a *Auth) AskKeys(ctx context.Context) { a.askKeys(ctx) }

// Public is the rule for addresses that a server name may lead to.
func Public(ip net.IP) bool { return public(ip) }

// WellKnownClient is what asks other servers for .well-known.
func (a *Auth) WellKnownClient() *http.Client {
	return a.matrix.discovers.HTTP.Transport.(*federation.ServerResolvingTransport).ResolveOpts.HTTPClient
}
