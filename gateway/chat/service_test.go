package chat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/store"
)

func TestSendAndRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.gateway()
		text := "שלום @bob 👩🏽‍🚀 مرحبا"
		sent := g.send(alice, "c1", "  "+text+"\n")
		if sent.Content != text || sent.Account != "alice" || sent.Name != "Alice" || sent.Guest || fmt.Sprint(sent.Mentions) != "[bob]" || sent.ClientID != "c1" {
			t.Errorf("got %+v", sent)
		}
		if again := g.send(alice, "c1", "other words"); again.ID != sent.ID || again.Content != text {
			t.Errorf("a resend became %+v", again)
		}
		unnamed := g.send(guest, "", "hello")
		if !unnamed.Guest || unnamed.Account != "" || unnamed.ClientID == "" || unnamed.ClientID == g.send(guest, "", "hello").ClientID {
			t.Errorf("got %+v", unnamed)
		}
		said, err := g.System(t.Context(), lobby, "s1", "Alice has the microphone")
		ok(t, err)
		h, err := g.History(t.Context(), spaces.Viewer{}, lobby, spaces.HistoryQuery{})
		ok(t, err)
		if len(h.Messages) != 4 || h.Messages[3].ID != said.ID || said.Type != spaces.MessageSystem || h.Messages[0].Content != text {
			t.Errorf("got %+v", h)
		}
		since, err := g.Since(t.Context(), alice, lobby, 1, 0)
		ok(t, err)
		if len(since.Events) != 3 || since.Next != 4 {
			t.Errorf("got %+v", since)
		}
	})
}

// TestRefusals: what people may not write, read or claim.
func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.gateway()
		ctx := t.Context()
		mine := g.send(alice, "1", "mine")
		send := func(v spaces.Viewer, key spaces.Key, d spaces.Draft) error {
			_, err := g.Send(ctx, v, key, d)
			return err
		}
		nowhere := spaces.Key{Type: spaces.TypePost, ID: "alice/nothing", Subspace: spaces.MainSubspace}
		for _, c := range []struct {
			name string
			code spaces.Code
			err  error
		}{
			{"nobody", spaces.CodeUnauthenticated, send(spaces.Viewer{}, lobby, spaces.Draft{Content: "x"})},
			{"no such space", spaces.CodeNotFound, send(alice, nowhere, spaces.Draft{Content: "x"})},
			{"empty", spaces.CodeInvalid, send(alice, lobby, spaces.Draft{})},
			{"system line", spaces.CodeInvalid, send(guest, lobby, spaces.Draft{Content: "x", Type: spaces.MessageSystem})},
			{"client id", spaces.CodeInvalid, send(alice, lobby, spaces.Draft{Content: "x", ClientID: "a b"})},
			{"parent", spaces.CodeInvalid, send(bob, lobby, spaces.Draft{Content: "x", ParentID: mine.ID + 1000})},
			{"negative parent", spaces.CodeInvalid, send(bob, lobby, spaces.Draft{Content: "x", ParentID: -1})},
			{"edit of another's", spaces.CodeForbidden, func() error { _, err := g.Edit(ctx, bob, lobby, mine.ID, "x"); return err }()},
			{"delete of another's", spaces.CodeForbidden, func() error { _, err := g.Delete(ctx, bob, lobby, mine.ID); return err }()},
			{"reaction", spaces.CodeInvalid, func() error { _, err := g.React(ctx, bob, lobby, mine.ID, "<b>", true); return err }()},
			{"limit", spaces.CodeInvalid, func() error {
				_, err := g.History(ctx, bob, lobby, spaces.HistoryQuery{Limit: spaces.MaxHistory + 1})
				return err
			}()},
			{"two cursors", spaces.CodeInvalid, func() error {
				_, err := g.History(ctx, bob, lobby, spaces.HistoryQuery{Before: 1, After: 1})
				return err
			}()},
			{"history elsewhere", spaces.CodeNotFound, func() error { _, err := g.History(ctx, bob, nowhere, spaces.HistoryQuery{}); return err }()},
			{"guest's marker", spaces.CodeUnauthenticated, func() error { _, err := g.MarkRead(ctx, guest, lobby, mine.ID); return err }()},
			{"export", spaces.CodeForbidden, g.Export(ctx, bob, lobby, &bytes.Buffer{})},
		} {
			if got := spaces.ErrorCode(c.err); got != c.code {
				t.Errorf("%s: %q (%v), want %q", c.name, got, c.err, c.code)
			}
		}
	})
}

func TestModeratorDeletes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.gateway()
		ok(t, g.store.PutGrant(t.Context(), store.Grant{Key: lobby, Subject: "hive:bob", Role: spaces.SpaceModerator, GrantedBy: "hive:root", CreatedAt: time.Now()}))
		line := g.send(alice, "1", "spam")
		m, err := g.Delete(t.Context(), bob, lobby, line.ID)
		ok(t, err)
		if !m.Deleted || m.Content != "" {
			t.Errorf("got %+v", m)
		}
		audit, err := g.store.AuditLog(t.Context(), lobby, 0, 10)
		ok(t, err)
		if len(audit) != 1 || audit[0].Subject != "hive:bob" || audit[0].Target != "hive:alice" {
			t.Errorf("audit log %+v", audit)
		}
		own := g.send(alice, "2", "regrets")
		_, err = g.Delete(t.Context(), alice, lobby, own.ID)
		ok(t, err)
		if audit, err = g.store.AuditLog(t.Context(), lobby, 0, 10); err != nil || len(audit) != 1 {
			t.Errorf("one's own deletion is audited: %+v %v", audit, err)
		}
	})
}

func TestRateLimits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.gateway()
		// So many at once that on no machine the bucket refills meanwhile.
		passed := func(v spaces.Viewer) int64 {
			var good atomic.Int64
			var group sync.WaitGroup
			for range 100 {
				group.Go(func() {
					_, err := g.React(t.Context(), v, lobby, 1, "👍", true)
					if spaces.ErrorCode(err) != spaces.CodeRateLimited {
						good.Add(1)
					} else if problem := wire.NewProblem(err); !strings.Contains(problem.Detail, "Try again in") {
						t.Errorf("got %v", err)
					}
				})
			}
			group.Wait()
			return good.Load()
		}
		if n := passed(alice); n < 10 || n == 100 {
			t.Errorf("%d of 100 passed at once, want 10", n)
		}
		if n := passed(guest); n < 5 || n == 100 {
			t.Errorf("%d of a guest's 100 passed at once, want 5", n)
		}
		g.send(bob, "1", "others may go on")
	})
}

// TestGuestsOfOneNetworkWrite: a guest who becomes another one for each line is
// bounded all the same; people with an account are not bounded with them.
func TestGuestsOfOneNetworkWrite(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.gateway()
		passed := func(network string) int64 {
			var good atomic.Int64
			var group sync.WaitGroup
			for i := range 300 {
				group.Go(func() {
					v := spaces.Viewer{Subject: fmt.Sprint("guest:", network, i), Guest: true, Network: network}
					_, err := g.React(t.Context(), v, lobby, 1, "👍", true)
					if spaces.ErrorCode(err) != spaces.CodeRateLimited {
						good.Add(1)
					} else if !strings.Contains(wire.NewProblem(err).Detail, "guests of your address") {
						t.Errorf("got %v", err)
					}
				})
			}
			group.Wait()
			return good.Load()
		}
		if n := passed("net"); n < 60 || n == 300 { // five more a second
			t.Errorf("%d of 300 passed at once, want 60", n)
		}
		if n := passed(spaces.LocalNetwork); n != 300 {
			t.Errorf("%d of 300 from this machine passed, want all", n)
		}
		neighbour := alice
		neighbour.Network = "net"
		g.send(neighbour, "1", "others behind the same router may go on")
	})
}

func TestUnreadAndSubscriptions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.gateway()
		ctx := t.Context()
		_, err := g.Subscription(ctx, bob, lobby)
		wantCode(t, err, spaces.CodeNotFound)
		sub, err := g.Subscribe(ctx, bob, lobby, spaces.Notify{AllMessages: true})
		ok(t, err)
		if sub.Key != lobby || !sub.Notify.AllMessages || sub.Notify.Mentions {
			t.Errorf("got %+v", sub)
		}
		line := g.send(alice, "1", "hello @bob")
		g.send(alice, "2", "anybody there?")
		check := func(messages, mentions int) {
			t.Helper()
			unread, err := g.Unread(ctx, bob)
			ok(t, err)
			if len(unread) != 1 || unread[0].Messages != messages || unread[0].Mentions != mentions {
				t.Errorf("got %+v, want %d and %d", unread, messages, mentions)
			}
		}
		check(2, 1)
		_, err = g.MarkRead(ctx, bob, lobby, line.ID)
		ok(t, err)
		check(1, 0)
		ok(t, g.Unsubscribe(ctx, bob, lobby))
		unread, err := g.Unread(ctx, bob)
		if err != nil || len(unread) != 0 || unread == nil {
			t.Errorf("got %v %v", unread, err)
		}
	})
}

func TestExport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.gateway()
		const lines = spaces.MaxHistory + 5
		writes := make([]store.ChatWrite, lines)
		for i := range writes {
			writes[i] = store.ChatWrite{Kind: spaces.ChatNew, By: "hive:alice", Line: spaces.Message{Subject: "hive:alice", Account: "alice", ClientID: fmt.Sprint(i), Content: fmt.Sprint("line ", i)}}
		}
		_, err := g.store.WriteChat(t.Context(), lobby, writes, time.Now())
		ok(t, err)
		var out bytes.Buffer
		ok(t, g.Export(t.Context(), admin, lobby, &out))
		decoder := json.NewDecoder(&out)
		for i := range lines {
			var row wire.ChatRow
			ok(t, decoder.Decode(&row))
			if row.Content != fmt.Sprint("line ", i) {
				t.Fatalf("line %d is %q", i, row.Content)
			}
		}
		if decoder.More() {
			t.Error("there is more")
		}
	})
}

func TestTrim(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.gateway()
		now := time.Now()
		for age, content := range map[time.Duration]string{91 * 24 * time.Hour: "old", 89 * 24 * time.Hour: "kept", 0: "new"} {
			_, err := g.store.WriteChat(t.Context(), lobby, []store.ChatWrite{{Kind: spaces.ChatNew, By: "x", Line: spaces.Message{Subject: "x", ClientID: content, Content: content}}}, now.Add(-age))
			ok(t, err)
		}
		ok(t, g.Trim(t.Context(), now))
		h, err := g.History(t.Context(), alice, lobby, spaces.HistoryQuery{})
		ok(t, err)
		if len(h.Messages) != 2 {
			t.Errorf("got %+v", h.Messages)
		}
	})
}
