package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"presence/gateway"
)

// TestConnections: the first server's path says of database and NATS whether
// they answer, and to strangers nothing of where they are.
func TestConnections(t *testing.T) {
	t.Parallel()
	well := func(context.Context) error { return nil }
	ill := func(context.Context) error { return errors.New("dial tcp 10.0.0.7: refused") }
	ask := func(nats func(context.Context) error) (int, map[string]json.RawMessage, string) {
		w := newWorld(t, func(o *options) {
			o.Listen = "0.0.0.0:0"
			o.checks = []gateway.Check{{Name: "database", Check: well}, {Name: "nats", Check: nats}, {Name: "homeserver", Check: ill}}
		})
		answer := w.do(http.MethodGet, "/api/test-connections")
		var body map[string]json.RawMessage
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			t.Fatalf("%s: %v", answer.Body, err)
		}
		return answer.Code, body, answer.Body.String()
	}
	type connection struct {
		Status, Error string
		Timestamp     time.Time
	}
	read := func(text json.RawMessage) (c connection) {
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return c
	}
	status, body, _ := ask(well)
	if status != http.StatusOK || len(body) != 3 || read(body["database"]).Status != "connected" || read(body["nats"]).Timestamp.IsZero() {
		t.Errorf("got %d %s", status, body)
	}
	status, body, text := ask(ill)
	if status != http.StatusServiceUnavailable || read(body["database"]).Status != "connected" || read(body["nats"]).Status != "error" || read(body["nats"]).Error == "" {
		t.Errorf("got %d %s", status, text)
	}
	if strings.Contains(text, "10.0.0.7") {
		t.Errorf("strangers are told %s", text)
	}
}
