package ui

import (
	"net/http"
	"strings"
)

// The pages need their own scripts, styles, pictures and socket, and nothing
// else: no inline code, no worker, no WebAssembly, no other host. That holds for
// the scene too: its pictures are drawn, its stylesheet is a file, and of
// A-Frame nothing that writes HTML is used.
// require-trusted-types-for closes what is left of script injection, since the
// client never writes HTML.
const (
	policyStart = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
	policyEnd   = "; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors "
)

// secure sets the headers of every answer. Framers are the origins that may
// show this one in a frame; empty is nobody.
func secure(head http.Header, r *http.Request, framers string) {
	if framers == "" {
		framers = "'none'"
		head.Set("X-Frame-Options", "DENY") // it knows no list, so it would override one in old browsers
	}
	head.Set("Content-Security-Policy", policyStart+sockets(r.Host)+policyEnd+framers)
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
