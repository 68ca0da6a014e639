package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.mau.fi/util/exhttp"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/federation"
	"maunium.net/go/mautrix/id"
)

const (
	openIDTimeout = 10 * time.Second
	openIDAnswer  = 64 << 10
)

// errTokenRefused means that the server answered and does not know the token.
var errTokenRefused = errors.New("the server does not accept the token")

// openID asks Matrix servers whose OpenID token it was given. Nothing in it
// changes after newOpenID.
type openID struct {
	servers   map[string]string // base URL, or empty for discovery
	discovers *federation.Client
	direct    *http.Client
}

// newOpenID allows the servers named, each at its URL or, when that is empty,
// where Matrix's discovery finds it.
func newOpenID(servers map[string]string) *openID {
	o := &openID{servers: servers, direct: &http.Client{Timeout: openIDTimeout, CheckRedirect: stay}}
	c := federation.NewClient("", nil, nil, exhttp.SensibleClientSettings.WithGlobalTimeout(openIDTimeout))
	c.AllowIP = public
	c.AllowServer = o.allows
	c.ResponseSizeLimit = openIDAnswer
	// Without this the library asks for .well-known through http.DefaultClient,
	// which has no limits and goes to private addresses.
	guarded := &http.Transport{DialContext: c.Dialer.DialContext, TLSHandshakeTimeout: openIDTimeout, DisableKeepAlives: true}
	transport := c.HTTP.Transport.(*federation.ServerResolvingTransport)
	transport.ResolveOpts = &federation.ResolveServerNameOpts{HTTPClient: &http.Client{Transport: guarded, Timeout: openIDTimeout, CheckRedirect: stay}}
	transport.Transport.DisableKeepAlives = true
	o.discovers = c
	return o
}

// stay follows no redirect: it could lead anywhere, and take the token along.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (o *openID) allows(server string) bool {
	_, ok := o.servers[server]
	return ok
}

// holder asks server, which is allowed, whose token this is. The error is
// errTokenRefused or says why there was no answer; it never holds the token.
func (o *openID) holder(ctx context.Context, server, token string) (id.UserID, error) {
	ctx, cancel := context.WithTimeout(ctx, openIDTimeout)
	defer cancel()
	if base := o.servers[server]; base != "" {
		return o.askAt(ctx, base, token)
	}
	answer, err := o.discovers.GetOpenIDUserInfo(ctx, server, token)
	if status, ok := errors.AsType[mautrix.HTTPError](err); ok && status.Response != nil && refusal(status.Response.StatusCode) {
		return "", errTokenRefused
	}
	if err != nil {
		return "", withoutQuery(err)
	}
	return answer.Sub, nil
}

// askAt is the same question at a URL that the operator chose.
func (o *openID) askAt(ctx context.Context, base, token string) (id.UserID, error) {
	address := strings.TrimSuffix(base, "/") + "/_matrix/federation/v1/openid/userinfo?" + url.Values{"access_token": {token}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", errors.New("the URL set for this server cannot be used")
	}
	response, err := o.direct.Do(r)
	if err != nil {
		return "", withoutQuery(err)
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	switch {
	case refusal(response.StatusCode):
		return "", errTokenRefused
	case response.StatusCode != http.StatusOK:
		return "", fmt.Errorf("it answered with status %d", response.StatusCode)
	}
	var answer federation.RespOpenIDUserInfo
	if err := json.NewDecoder(io.LimitReader(response.Body, openIDAnswer)).Decode(&answer); err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return answer.Sub, nil
}

func refusal(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// withoutQuery drops the address from an error of net/http: its query is the
// token.
func withoutQuery(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return errors.New("its answer cannot be used") // other errors may quote it
}

// private are networks that no public server is in and that Go's own words for
// addresses do not cover.
var private = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),     // this network
	netip.MustParsePrefix("100.64.0.0/10"), // behind a provider's NAT, RFC 6598
	netip.MustParsePrefix("192.0.0.0/24"),  // protocol assignments
	netip.MustParsePrefix("198.18.0.0/15"), // benchmarks
	netip.MustParsePrefix("240.0.0.0/4"),   // reserved
	netip.MustParsePrefix("64:ff9b::/96"),  // IPv4 within IPv6, RFC 6052
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2002::/16"), // 6to4
}

// public reports whether an address may be called because somebody's server
// name led to it. It is asked about every connection after the name was
// resolved, so that a name that changes meanwhile gains nothing.
func public(ip net.IP) bool {
	addr, ok := netip.AddrFromSlice(ip)
	addr = addr.Unmap()
	return ok && addr.IsGlobalUnicast() && !addr.IsPrivate() &&
		!slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(addr) })
}
