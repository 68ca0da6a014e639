package ui

import (
	"net/http"
	"strings"
)

// The pages need their own scripts, styles, pictures and socket, and nothing
// else: no inline code, no worker, no WebAssembly, no other host. That holds for
// the scene too: its stylesheet is a file, and of A-Frame nothing that writes
// HTML is used. The one exception are the pictures and models of posts, which
// the page of a space loads from hosts that the operator named: pictures as
// images, and models as what the page itself asks for, without credentials.
// require-trusted-types-for closes what is left of script injection, since the
// client never writes HTML.
const (
	policyStart = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'"
	policyFetch = "; connect-src 'self'"
	policyEnd   = "; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors "
)

// openings are origins besides our own, separated by spaces; empty is none.
type openings struct {
	framers string // may show this answer in a frame
	media   string // may have their pictures and models shown in it
}

// secure sets the headers of every answer.
func secure(head http.Header, r *http.Request, open openings) {
	framers, media := open.framers, open.media
	if media != "" {
		media = " " + media
	}
	if framers == "" {
		framers = "'none'"
		head.Set("X-Frame-Options", "DENY") // it knows no list, so it would override one in old browsers
	}
	head.Set("Content-Security-Policy", policyStart+media+policyFetch+sockets(r.Host)+media+policyEnd+framers)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
}

// sockets names our own socket for browsers in which 'self' does not cover ws:
// and wss: (Safari before 15.4). Host comes from the client, so nothing but a
// plain host and port may get into the header.
func sockets(host string) string {
	if host == "" || strings.ContainsFunc(host, notHostRune) {
		return ""
	}
	return " ws://" + host + " wss://" + host
}

func notHostRune(r rune) bool {
	isPlain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !isPlain && !strings.ContainsRune(".-:[]", r)
}
