package gateway_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway"
	"presence/gateway/auth"
	"presence/spaces"
)

// TestEveryRefusalHasTheOneForm walks through all the ways to be refused.
func TestEveryRefusalHasTheOneForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		method, url string
		header      []string
		status      int
		code        spaces.Code
	}{
		"no such path":                {"GET", "/nonsense", nil, 404, spaces.CodeNotFound},
		"no such API path":            {"GET", "/api/nonsense", nil, 404, spaces.CodeNotFound},
		"no such file":                {"GET", "/assets/b.js", nil, 404, spaces.CodeNotFound},
		"wrong method":                {"DELETE", "/api/city/rooms", nil, 405, spaces.CodeInvalid},
		"wrong method, health":        {"POST", "/healthz", nil, 405, spaces.CodeInvalid},
		"wrong method, socket":        {"POST", "/ws/city/presence", nil, 405, spaces.CodeInvalid},
		"bad parameter":               {"GET", "/api/city/rooms?sort=x", nil, 422, spaces.CodeInvalid},
		"bad token":                   {"GET", "/api/city/rooms", []string{"Authorization", "Bearer x"}, 401, spaces.CodeUnauthenticated},
		"no token":                    {"POST", "/api/auth/ticket", nil, 401, spaces.CodeUnauthenticated},
		"no token, socket":            {"GET", "/ws/city/presence", nil, 401, spaces.CodeUnauthenticated},
		"no key":                      {"GET", "/internal/city/rooms", nil, 401, spaces.CodeUnauthenticated},
		"panic":                       {"GET", "/presence/stream?fault=panic", nil, 500, spaces.CodeInternal},
		"preflight of a foreign page": {"OPTIONS", "/api/city/rooms", []string{"Origin", "https://evil.org", "Access-Control-Request-Method", "GET"}, 403, spaces.CodeForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := w.do(c.method, c.url, c.header...).Result()
			refused(t, answer, c.status, c.code)
			if answer.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("no security headers")
			}
			if c.status == http.StatusMethodNotAllowed && answer.Header.Get("Allow") == "" {
				t.Error("405 does not say what is allowed")
			}
		})
	}
}

func TestEverythingIsMounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, url := range []string{
		"/api/city/rooms", "/city/rooms", "/api/city/map", "/city/map", "/presence/summary", "/api/presence/summary",
		"/presence/snapshot", "/api/presence/snapshot", "/status", "/health", "/api/health", "/healthz", "/readyz",
		"/.well-known/jwks.json", "/openapi.yaml", "/openapi.json", "/city/", "/assets/a.js", "/metrics",
	} {
		if answer := w.do(http.MethodGet, url); answer.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", url, answer.Code, answer.Body)
		}
	}
	if answer := w.do(http.MethodGet, "/api//city/rooms"); answer.Code/100 != 3 {
		t.Errorf("a path in need of cleaning: got %d", answer.Code)
	}
}

// TestHealth: the fields that the dashboards of the first aggregators read;
// nothing in them counts private rooms.
func TestHealth(t *testing.T) {
	t.Parallel()
	var got map[string]any
	if err := json.Unmarshal(newWorld(t).do(http.MethodGet, "/health").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"status": "ok", "service": "presence", "nats_connected": true, "has_snapshot": true,
		"rooms_tracked": 1.0, "users_tracked": 2.0, "subscribers": 3.0, "version": "1",
	}
	if stamp, _ := got["timestamp"].(string); stamp == "" {
		t.Error("no timestamp")
	}
	delete(got, "timestamp")
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestLogsHoldNoSecrets: a query, where tickets and tokens are, is not logged,
// nor is a header.
func TestLogsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(http.MethodGet, "/api/city/rooms?token=hunter2&ticket=hunter2", "Authorization", "Bearer hunter2")
	w.do(http.MethodGet, "/presence/stream?fault=panic&token=hunter2")
	log := w.log.String()
	if strings.Contains(log, "hunter2") {
		t.Errorf("the log holds a secret: %s", log)
	}
	for _, want := range []string{"path=/api/city/rooms", "status=401", "a fault of ours"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not hold %q: %s", want, log)
		}
	}
}

// TestTicketsThroughTheRealStore: a ticket is kept in SQL and good once.
func TestTicketsThroughTheRealStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, err := w.auth.Mint(auth.Grant{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	answer := w.do(http.MethodPost, "/api/auth/ticket", "Authorization", "Bearer "+token.Token)
	if answer.Code != http.StatusOK {
		t.Fatalf("got %d %s", answer.Code, answer.Body)
	}
	_, rest, _ := strings.Cut(answer.Body.String(), `"ticket":"`)
	ticket, _, _ := strings.Cut(rest, `"`)
	if answer := w.do(http.MethodGet, "/api/city/rooms?ticket="+ticket); answer.Code != http.StatusOK {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
	refused(t, w.do(http.MethodGet, "/api/city/rooms?ticket="+ticket).Result(), 401, spaces.CodeUnauthenticated)
}

func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for origin, allowed := range map[string]bool{
		"https://app.example.org":          true,
		"HTTPS://APP.example.org":          true,
		"http://app.example.org":           false,
		"https://example.org":              false,
		"https://app.example.org.evil.org": false,
		"https://evil.org":                 false,
		"null":                             false,
	} {
		answer := w.do(http.MethodGet, "/api/city/rooms", "Origin", origin)
		if got := answer.Header().Get("Access-Control-Allow-Origin"); (got == origin) != allowed || got != "" && got != origin {
			t.Errorf("%s: got Access-Control-Allow-Origin %q", origin, got)
		}
		if !strings.Contains(strings.Join(answer.Header().Values("Vary"), ","), "Origin") {
			t.Errorf("%s: caches may mix origins up", origin)
		}
	}
	preflight := w.do(http.MethodOptions, "/api/auth/guest", "Origin", "https://app.example.org", "Access-Control-Request-Method", "POST")
	if preflight.Code != http.StatusNoContent || !strings.Contains(preflight.Header().Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("got %d %v", preflight.Code, preflight.Header())
	}
}

func TestGuestsAreLimitedPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.TrustedProxies = []string{"192.0.2.0/24"} }) // httptest's own address
	guest := func(forwarded string) *http.Response {
		return w.do(http.MethodPost, "/api/auth/guest", "X-Forwarded-For", forwarded).Result()
	}
	var limited *http.Response
	for range 100 {
		if answer := guest("203.0.113.9"); answer.StatusCode != http.StatusOK {
			limited = answer
			break
		}
	}
	if limited == nil {
		t.Fatal("100 guests at once from one address")
	}
	refused(t, limited, http.StatusTooManyRequests, spaces.CodeRateLimited)
	if limited.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if answer := guest("203.0.113.10"); answer.StatusCode != http.StatusOK {
		t.Error("another address is limited as well")
	}
	if answer := guest("203.0.113.10, 203.0.113.9"); answer.StatusCode == http.StatusOK {
		t.Error("a made-up hop in front gets around the limit")
	}
	if answer := w.do(http.MethodGet, "/api/city/rooms", "X-Forwarded-For", "203.0.113.9"); answer.Code != http.StatusOK {
		t.Error("the limit is for more than guests")
	}
}

// TestForwardedIsNotBelieved unless an operator said so.
func TestForwardedIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	limited := false
	for i := range 100 {
		answer := w.do(http.MethodPost, "/api/auth/guest", "X-Forwarded-For", "203.0.113."+string(rune('0'+i%10)))
		limited = limited || answer.Code == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("anybody gets around the limit with a header")
	}
}

func TestMetricsStayOnThisMachine(t *testing.T) {
	t.Parallel()
	local := newWorld(t)
	local.do(http.MethodGet, "/api/city/rooms")
	local.do(http.MethodGet, "/some/secret/path")
	body := local.do(http.MethodGet, "/metrics").Body.String()
	if !strings.Contains(body, `presence_http_requests_total{code="2xx",route="GET /api/city/rooms"} 1`) {
		t.Errorf("requests are not counted: %s", body)
	}
	if strings.Contains(body, "secret") {
		t.Error("a path became a label")
	}
	refused(t, local.do(http.MethodGet, "/metrics", "X-Forwarded-For", "203.0.113.1").Result(), 404, spaces.CodeNotFound)

	public := newWorld(t, func(o *options) { o.Listen = "0.0.0.0:0" })
	refused(t, public.do(http.MethodGet, "/metrics").Result(), 404, spaces.CodeNotFound)
	apart := newWorld(t, func(o *options) { o.MetricsListen = "127.0.0.1:0" })
	refused(t, apart.do(http.MethodGet, "/metrics").Result(), 404, spaces.CodeNotFound)
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*options){
		"proxy":  func(o *options) { o.TrustedProxies = []string{"localhost"} },
		"origin": func(o *options) { o.Origins = []string{"https://[a"} },
	} {
		if err := tryNew(edit); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func tryNew(edit func(*options)) error {
	o := options{Config: gateway.Config{Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)}}
	edit(&o)
	_, err := gateway.New(o.Config, gateway.Parts{})
	return err
}
