package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"presence/gateway/wire"
	"presence/spaces"
)

func TestProblemOfEachCode(t *testing.T) {
	t.Parallel()
	for code, status := range map[spaces.Code]int{
		spaces.CodeInvalid:         http.StatusUnprocessableEntity,
		spaces.CodeUnauthenticated: http.StatusUnauthorized,
		spaces.CodeForbidden:       http.StatusForbidden,
		spaces.CodeNotFound:        http.StatusNotFound,
		spaces.CodeConflict:        http.StatusConflict,
		spaces.CodeTooLarge:        http.StatusRequestEntityTooLarge,
		spaces.CodeRateLimited:     http.StatusTooManyRequests,
		spaces.CodeUnavailable:     http.StatusServiceUnavailable,
		spaces.CodeInternal:        http.StatusInternalServerError,
	} {
		recorder := httptest.NewRecorder()
		wire.WriteProblem(recorder, fmt.Errorf("while testing: %w", &spaces.Error{
			Code: code, Field: "query.x", Message: "is <wrong>.", Fix: "Do better.", Err: errors.New("hunter2"),
		}))
		var p wire.Problem
		if err := json.Unmarshal(recorder.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if recorder.Code != status || p.Status != status || p.Code != code || p.Title != http.StatusText(status) {
			t.Errorf("%s: got %d %+v, want %d", code, recorder.Code, p, status)
		}
		detail := "is <wrong>. Do better"
		if code == spaces.CodeInvalid || code == spaces.CodeTooLarge {
			detail = "query.x: " + detail
		}
		if p.Detail != detail || p.Text != p.Detail || len(p.Errors) != 1 || p.Errors[0].Location != "query.x" {
			t.Errorf("%s: got %+v", code, p)
		}
		if strings.Contains(recorder.Body.String(), "hunter2") {
			t.Errorf("%s: the cause is shown: %s", code, recorder.Body)
		}
	}
}

// TestProblemHidesForeignErrors: what is no error of ours may hold anything.
func TestProblemHidesForeignErrors(t *testing.T) {
	t.Parallel()
	p := wire.NewProblem(errors.New("pq: password of admin is hunter2"))
	if p.Status != http.StatusInternalServerError || p.Code != spaces.CodeInternal || strings.Contains(p.Detail, "hunter2") {
		t.Errorf("got %+v", p)
	}
}

// TestProblemOfLostConnection: a database that is away is no bug to report, and
// its address is nobody's business.
func TestProblemOfLostConnection(t *testing.T) {
	t.Parallel()
	away := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 5432}, Err: errors.New("connection refused")}
	p := wire.NewProblem(fmt.Errorf("read the settings: %w", away))
	if p.Status != http.StatusServiceUnavailable || p.Code != spaces.CodeUnavailable || strings.Contains(p.Detail, "10.1.2.3") {
		t.Errorf("got %+v", p)
	}
	said := string((wire.Native{}).Event(nil, wire.Refused{Op: "join", Err: away}))
	if !strings.Contains(said, `"code":"unavailable"`) || strings.Contains(said, "10.1.2.3") {
		t.Errorf("a native client reads %s", said)
	}
}
