package conn

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"presence/spaces"
)

// CheckOrigin refuses a request that a web page of another origin made, unless
// the origin is listed. Browsers let any page open a WebSocket anywhere, with
// the user's cookies; only this check stands against it. Programs send no
// Origin and pass. The error is a [spaces.Error].
func (k *Keeper) CheckOrigin(r *http.Request) error {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	u, err := url.Parse(strings.ToLower(origin))
	if err == nil && u.Host != "" {
		if u.Host == strings.ToLower(r.Host) {
			return nil
		}
		for _, pattern := range k.cfg.Origins {
			if originMatches(pattern, u) {
				return nil
			}
		}
	}
	return &spaces.Error{
		Code: spaces.CodeForbidden, Field: "header.Origin",
		Message: "this web origin may not open sockets here",
		Fix:     "Ask the operator to add it to the allowed origins",
	}
}

func originMatches(pattern string, u *url.URL) bool {
	target := u.Host
	if strings.Contains(pattern, "://") {
		target = u.Scheme + "://" + u.Host
	}
	ok, err := path.Match(strings.ToLower(pattern), target)
	return err == nil && ok
}

func checkOrigins(patterns []string) error {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("allowed origin %q: %w", p, err)
		}
	}
	return nil
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
