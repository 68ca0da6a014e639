package gateway

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// remote is the address a request came from: the nearest one in
// X-Forwarded-For that is no trusted proxy of ours, read only when the
// connection itself comes from one, because anybody may send that header.
func (g *Gateway) remote(r *http.Request) netip.Addr {
	addr := hostAddr(r.RemoteAddr)
	if !g.trusted(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next := hostAddr(strings.TrimSpace(hop))
		if !next.IsValid() {
			return addr // an empty or made-up entry: the last proxy is all we know
		}
		addr = next
		if !g.trusted(addr) {
			return addr
		}
	}
	return addr
}

func (g *Gateway) trusted(addr netip.Addr) bool {
	return slices.ContainsFunc(g.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// hostAddr reads an address with or without a port. The zero Addr stands for
// one that cannot be read.
func hostAddr(s string) netip.Addr {
	if with, err := netip.ParseAddrPort(s); err == nil {
		return with.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}
