package gateway

import (
	"net/http"

	"presence/gateway/wire"
	"presence/spaces"
)

// cors lets pages of the allowed origins read answers and send tokens. There
// are no cookies, so nothing is said about credentials. Requests of other
// origins are answered without a word for the browser, which then keeps the
// answer from the page; sockets check the origin themselves.
func (g *Gateway) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Add("Vary", "Origin")
		allowed := g.origins.Allow(origin)
		if allowed {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		if !allowed {
			wire.WriteProblem(w, &spaces.Error{
				Code: spaces.CodeForbidden, Field: "header.Origin", Message: "pages of this web origin may not call this server",
				Fix: "The operator allows an origin with PRESENCE_ORIGINS",
			})
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Account, X-Challenge, X-Pubkey, X-Signature")
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}
