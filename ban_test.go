package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"presence/deploy/testnats"
	"presence/deploy/testpg"
)

// TestBanHoldsOnEveryGateway: somebody banned through one gateway is put out by
// another, which does not let them in again either.
func TestBanHoldsOnEveryGateway(t *testing.T) {
	t.Parallel()
	secret := "--jwt-secret=" + forumSecret
	args := []string{"serve", "--parts=gateway", "--listen=127.0.0.1:0", "--nats=" + testnats.Start(t).URL(), "--database=" + testpg.Database(t), secret}
	here, there := startProgram(t, append(args, "--data="+t.TempDir())), startProgram(t, append(args, "--data="+t.TempDir()))
	admin := strings.TrimSpace(output(t, "token", "root", "--admin", secret, "--data="+t.TempDir()))
	bob := forumToken(t, "bob")

	visitor := there.visit(bob, "global:lobby")
	if status, text := here.post("/api/spaces/global/lobby/bans", admin, `{"subject":"bob","reason":"shouting"}`); status != http.StatusOK {
		t.Fatalf("ban: %d %s", status, text)
	}
	untilLeft(t, visitor)
	if status, text := there.post("/api/spaces/global/lobby/join", bob, `{}`); status != http.StatusForbidden || !strings.Contains(text, "shouting") {
		t.Errorf("a banned person who joins again: %d %s", status, text)
	}
}

// post sends JSON and returns the answer.
func (p *program) post(path, token, body string) (status int, text string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatalf("POST %s: %v", path, err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatalf("POST %s: %v", path, err)
	}
	return answer.StatusCode, string(all)
}

func untilLeft(t *testing.T, c *websocket.Conn) {
	t.Helper()
	for {
		_, data, err := c.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), `"type":"left"`) {
			return
		}
	}
}
