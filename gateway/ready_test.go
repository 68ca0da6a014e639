package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"presence/gateway"
	"presence/spaces"
)

type readyBody struct {
	Status json.RawMessage
	Checks []struct {
		Name, Error string
		OK          bool
	}
}

func (w *world) ready() (int, readyBody, http.Header) {
	w.t.Helper()
	answer := w.do(http.MethodGet, "/readyz")
	var body readyBody
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		w.t.Fatalf("%s: %v", answer.Body, err)
	}
	return answer.Code, body, answer.Header()
}

func TestReadySaysWhichPartIsNot(t *testing.T) {
	t.Parallel()
	broken := gateway.Check{Name: "nats", Check: func(context.Context) error { return errors.New("dial tcp 10.0.0.7: refused") }}
	spoken := gateway.Check{Name: "matrix", Check: func(context.Context) error {
		return &spaces.Error{Code: spaces.CodeUnavailable, Message: "the token was revoked", Err: errors.New("hunter2")}
	}}
	local := newWorld(t, func(o *options) { o.checks = append(o.checks, broken, spoken) })
	status, body, _ := local.ready()
	if status != http.StatusServiceUnavailable || len(body.Checks) != 3 || !body.Checks[0].OK || body.Checks[1].OK {
		t.Errorf("got %d %+v", status, body)
	}
	if body.Checks[1].Error != "dial tcp 10.0.0.7: refused" || body.Checks[2].Error != "the token was revoked" {
		t.Errorf("got %+v", body.Checks)
	}
	p := refused(t, local.do(http.MethodGet, "/readyz").Result(), 503, spaces.CodeUnavailable)
	if len(p.Errors) != 2 || p.Errors[0].Location != "nats" {
		t.Errorf("got %+v", p)
	}

	public := newWorld(t, func(o *options) { o.Listen = "0.0.0.0:0"; o.checks = []gateway.Check{broken, spoken} })
	_, body, _ = public.ready()
	if strings.Contains(body.Checks[0].Error, "10.0.0.7") || body.Checks[1].Error != "the token was revoked" {
		t.Errorf("strangers are told %+v", body.Checks)
	}
}

// TestReadyNeverTakesLong: a part that hangs is not ready, within half a second,
// and many askers cause one round.
func TestReadyNeverTakesLong(t *testing.T) {
	t.Parallel()
	asked := 0
	hangs := gateway.Check{Name: "nats", Check: func(ctx context.Context) error {
		asked++
		<-ctx.Done()
		return ctx.Err()
	}}
	w := newWorld(t, func(o *options) { o.checks = []gateway.Check{hangs} })
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		for range 5 {
			if status := w.do(http.MethodGet, "/readyz").Code; status != http.StatusServiceUnavailable {
				t.Errorf("got %d", status)
			}
		}
		if took := time.Since(begin); took > 500*time.Millisecond {
			t.Errorf("took %s", took)
		}
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
}

func TestReadyHeals(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	away.Store(true)
	w := newWorld(t, func(o *options) {
		o.checks = []gateway.Check{{Name: "bus", Check: func(context.Context) error {
			if away.Load() {
				return errors.New("away")
			}
			return nil
		}}}
	})
	synctest.Test(t, func(t *testing.T) {
		if status, _, _ := w.ready(); status != http.StatusServiceUnavailable {
			t.Errorf("got %d", status)
		}
		away.Store(false)
		time.Sleep(time.Second)
		status, body, _ := w.ready()
		if status != http.StatusOK || string(body.Status) != `"ready"` {
			t.Errorf("got %d %+v", status, body)
		}
	})
	if log := w.log.String(); strings.Count(log, "not ready") != 1 || !strings.Contains(log, "msg=ready") {
		t.Errorf("each change is logged once; got %s", log)
	}
}
