package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"

	"presence/spaces"
)

const (
	networkKeyInfo = "presence network pseudonym key 1"
	// networkLength is what of the pseudonym is kept: 132 bits.
	networkLength = 22
)

type addressKey struct{}

// WithAddress notes in a request's context where it came from, as whoever
// knows the trusted proxies found out. Viewers of such a request have a
// Network.
func WithAddress(ctx context.Context, from netip.Addr) context.Context {
	return context.WithValue(ctx, addressKey{}, from)
}

// NetworkOf is what counts as one address: that, or of IPv6 the whole /64,
// which one customer has.
func NetworkOf(addr netip.Addr) netip.Addr {
	if !addr.Is6() {
		return addr
	}
	network, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return network.Addr()
}

func deriveNetworkKey(secret []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, networkKeyInfo, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of network pseudonyms: %w", err)
	}
	return key, nil
}

// network is the pseudonym of the address in a request's context: the same at
// all gateways of a city, and without JWT_SECRET nobody can tell the address
// from it, however few addresses there are. So it may be stored.
func (a *Auth) network(ctx context.Context) string {
	from, known := ctx.Value(addressKey{}).(netip.Addr)
	switch {
	case !known || !from.IsValid():
		return ""
	case from.IsLoopback():
		return spaces.LocalNetwork
	}
	mac := hmac.New(sha256.New, a.networkKey)
	_, _ = mac.Write(NetworkOf(from).AsSlice()) // never fails (hash.Hash)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:networkLength]
}
