package conn

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"presence/spaces"
)

// Origins are the web origins besides our own whose pages may talk to us:
// "https://app.example.org", or a host alone for any scheme; * stands for
// anything but a slash. The one rule for sockets and for the API.
type Origins []string

// Check finds a pattern that can never match.
func (o Origins) Check() error {
	for _, pattern := range o {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("allowed origin %q: %w", pattern, err)
		}
	}
	return nil
}

// Allow reports whether an Origin header is one of them.
func (o Origins) Allow(origin string) bool {
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Host == "" {
		return false
	}
	for _, pattern := range o {
		target := u.Host
		if strings.Contains(pattern, "://") {
			target = u.Scheme + "://" + u.Host
		}
		if ok, err := path.Match(strings.ToLower(pattern), target); err == nil && ok {
			return true
		}
	}
	return false
}

// AllowAt reports whether an Origin header is one of them or that of the host
// itself.
func (o Origins) AllowAt(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host) || o.Allow(origin)
}

// CheckOrigin refuses a request that a web page of another origin made, unless
// the origin is listed. Browsers let any page open a WebSocket anywhere, with
// the user's cookies; only this check stands against it. Programs send no
// Origin and pass. The error is a [spaces.Error].
func (k *Keeper) CheckOrigin(r *http.Request) error {
	origin := r.Header.Get("Origin")
	if origin == "" || k.cfg.Origins.AllowAt(origin, r.Host) {
		return nil
	}
	return &spaces.Error{
		Code: spaces.CodeForbidden, Field: "header.Origin",
		Message: "this web origin may not open sockets here",
		Fix:     "Ask the operator to add it to the allowed origins",
	}
}

// Negotiate returns the first of ours that the request offers as a
// subprotocol, and "" when it offers none.
func Negotiate(r *http.Request, ours []string) string {
	for _, name := range ours {
		for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
			for offered := range strings.SplitSeq(line, ",") {
				if strings.EqualFold(strings.TrimSpace(offered), name) {
					return name
				}
			}
		}
	}
	return ""
}
