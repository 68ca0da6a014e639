package store_test

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"presence/deploy/testpg"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

var (
	lobby  = spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}
	attic  = spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: "attic"}
	minute = time.Date(2026, 5, 1, 12, 0, 0, 123456000, time.UTC)
)

// line is a write of a new line by hive:<account>.
func line(account, clientID, content string) store.ChatWrite {
	return store.ChatWrite{Kind: spaces.ChatNew, By: "hive:" + account, Line: spaces.Message{
		ClientID: clientID, Subject: "hive:" + account, Account: account, Name: account, Type: spaces.MessageText, Content: content,
	}}
}

func under(w store.ChatWrite, parent int64) store.ChatWrite {
	w.Line.ParentID = parent
	return w
}

// writeAll makes the writes at a time and returns the lines as they are then.
func writeAll(t testing.TB, s *store.Store, key spaces.Key, at time.Time, writes ...store.ChatWrite) []spaces.Message {
	t.Helper()
	results, err := s.WriteChat(t.Context(), key, writes, at)
	ok(t, err)
	messages := make([]spaces.Message, len(results))
	for i, r := range results {
		ok(t, r.Err)
		messages[i] = r.Message
	}
	return messages
}

func since(t testing.TB, s *store.Store, key spaces.Key, seq int64, limit int) spaces.ChatSince {
	t.Helper()
	events, err := s.ChatSince(t.Context(), key, seq, limit)
	ok(t, err)
	return events
}

func history(t testing.TB, s *store.Store, key spaces.Key, q spaces.HistoryQuery) spaces.History {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 50
	}
	h, err := s.ChatHistory(t.Context(), key, q)
	ok(t, err)
	return h
}

func contents(messages []spaces.Message) []string {
	list := make([]string, len(messages))
	for i, m := range messages {
		list[i] = m.Content
	}
	return list
}

func wantContents(t testing.TB, got []spaces.Message, want ...string) {
	t.Helper()
	if !slices.Equal(contents(got), want) {
		t.Fatalf("got %q, want %q", contents(got), want)
	}
}

// TestChatKeepsEveryField, whatever the script.
func TestChatKeepsEveryField(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for i, text := range []string{"שלום עולם\u200f!", "مرحبا @alice \u2067ABC\u2069", "👩🏽‍🚀🏳️‍🌈 <b>&\"'\\ \t\n'; --", "ไทย हिन्दी 漢字 \u2028 \U0001F9EC"} {
			w := line("alice", fmt.Sprint("c", i), text)
			w.Line.Mentions, w.Line.Metadata = []string{"bob", "@жук:test"}, []byte(`{"a":[1]}`)
			w.Line.Guest, w.Line.Subject, w.Line.Account, w.Line.Name = i%2 == 1, "guest:abc", "", "Guest-abc"
			if !w.Line.Guest {
				w.Line.Subject, w.Line.Account = "hive:alice", "alice"
			}
			got := writeAll(t, s, lobby, minute, w)[0]
			want := w.Line
			want.ID, want.Key, want.Reactions, want.CreatedAt, want.UpdatedAt = got.ID, lobby, []spaces.Reaction{}, minute, minute
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("written %+v\nwant    %+v", got, want)
			}
			read, err := s.ChatMessage(t.Context(), lobby, got.ID)
			ok(t, err)
			if fmt.Sprint(read) != fmt.Sprint(want) {
				t.Errorf("read %+v\nwant %+v", read, want)
			}
			logged := since(t, s, lobby, int64(i), 10).Events[0].Message
			if fmt.Sprint(logged) != fmt.Sprint(want) {
				t.Errorf("logged %+v\nwant   %+v", logged, want)
			}
		}
	})
}

// TestChatResend: a line that was written is answered and not written again,
// also within one batch; the same id of somebody else or elsewhere is another.
func TestChatResend(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		got := writeAll(t, s, lobby, minute, line("alice", "1", "first"), line("alice", "1", "other words"), line("bob", "1", "bob's"))
		wantContents(t, got, "first", "first", "bob's")
		again := writeAll(t, s, lobby, minute.Add(time.Hour), line("alice", "1", "later"))
		if again[0].ID != got[0].ID || !again[0].CreatedAt.Equal(minute) {
			t.Errorf("got %+v, want the first line", again[0])
		}
		writeAll(t, s, attic, minute, line("alice", "1", "up here"))
		wantContents(t, history(t, s, lobby, spaces.HistoryQuery{}).Messages, "first", "bob's")
		if e := since(t, s, lobby, 0, 10); len(e.Events) != 2 || e.Next != 2 || e.More {
			t.Errorf("got %+v, want two events", e)
		}
	})
}

// TestChatManyWriters: whatever comes at once, seqs have no gaps and ids grow
// with them.
func TestChatManyWriters(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const writers, lines = 8, 10
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for i := range lines {
					if _, err := s.WriteChat(t.Context(), lobby, []store.ChatWrite{line(fmt.Sprint("w", w), fmt.Sprint(i), "x"), line(fmt.Sprint("w", w), fmt.Sprint(i, "b"), "y")}, minute); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		events := since(t, s, lobby, 0, 1000).Events
		if len(events) != 2*writers*lines {
			t.Fatalf("%d events", len(events))
		}
		for i, e := range events {
			if e.Seq != int64(i+1) || i > 0 && e.Message.ID <= events[i-1].Message.ID {
				t.Fatalf("event %d has seq %d and line %d", i, e.Seq, e.Message.ID)
			}
		}
	})
}

func TestChatThreads(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		root := writeAll(t, s, lobby, minute, line("alice", "1", "root"))[0]
		reply := writeAll(t, s, lobby, minute, under(line("bob", "2", "reply"), root.ID))[0]
		nested := writeAll(t, s, lobby, minute, under(line("carol", "3", "to bob"), reply.ID))[0]
		if nested.ParentID != root.ID || nested.ReplyTo != reply.ID {
			t.Errorf("a reply to a reply is under %d and answers %d", nested.ParentID, nested.ReplyTo)
		}
		count := func() int { return history(t, s, lobby, spaces.HistoryQuery{}).Messages[0].ThreadCount }
		if count() != 2 {
			t.Errorf("thread count %d, want 2", count())
		}
		writeAll(t, s, lobby, minute, under(line("bob", "2", "reply"), root.ID)) // resend
		writeAll(t, s, lobby, minute, store.ChatWrite{Kind: spaces.ChatDeleted, By: "hive:bob", MessageID: reply.ID})
		writeAll(t, s, lobby, minute, store.ChatWrite{Kind: spaces.ChatDeleted, By: "hive:bob", MessageID: reply.ID})
		if count() != 1 {
			t.Errorf("thread count %d after a deletion, want 1", count())
		}
		wantContents(t, history(t, s, lobby, spaces.HistoryQuery{ParentID: root.ID}).Messages, "to bob")
		writeAll(t, s, lobby, minute, store.ChatWrite{Kind: spaces.ChatDeleted, By: "hive:alice", MessageID: root.ID})
		wantContents(t, history(t, s, lobby, spaces.HistoryQuery{}).Messages, "", "to bob")
		elsewhere := writeAll(t, s, attic, minute, line("dave", "1", "elsewhere"))[0]
		for field, w := range map[string]store.ChatWrite{
			"parent_message_id": under(line("bob", "4", "x"), elsewhere.ID), "parent_message_id:": under(line("bob", "5", "x"), root.ID),
			"reply_to": {Kind: spaces.ChatNew, By: "hive:bob", Line: spaces.Message{Subject: "hive:bob", ClientID: "6", ReplyTo: 999}},
		} {
			results, err := s.WriteChat(t.Context(), lobby, []store.ChatWrite{w}, minute)
			ok(t, err)
			wantCode(t, results[0].Err, spaces.CodeInvalid, field[:8])
		}
	})
}

// TestChatEditAndDelete: own lines only, and what was taken back is nowhere
// any more.
func TestChatEditAndDelete(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := writeAll(t, s, lobby, minute, line("alice", "1", "sesame @bob"))[0]
		edit := store.ChatWrite{Kind: spaces.ChatEdited, By: "hive:alice", MessageID: m.ID, Content: "flowers", Mentions: []string{"carol"}}
		got := writeAll(t, s, lobby, minute.Add(time.Hour), edit)[0]
		if !got.Edited || got.Content != "flowers" || !got.UpdatedAt.Equal(minute.Add(time.Hour)) || !got.CreatedAt.Equal(minute) {
			t.Errorf("got %+v", got)
		}
		writeAll(t, s, lobby, minute.Add(time.Hour), edit) // the same again is no event
		for _, c := range []struct {
			code spaces.Code
			w    store.ChatWrite
			at   time.Duration
		}{
			{spaces.CodeForbidden, store.ChatWrite{Kind: spaces.ChatEdited, By: "hive:bob", MessageID: m.ID, Content: "x"}, 0},
			{spaces.CodeForbidden, store.ChatWrite{Kind: spaces.ChatDeleted, By: "hive:bob", MessageID: m.ID}, 0},
			{spaces.CodeForbidden, store.ChatWrite{Kind: spaces.ChatEdited, By: "hive:alice", MessageID: m.ID, Content: "late"}, store.EditWindow + time.Second},
			{spaces.CodeNotFound, store.ChatWrite{Kind: spaces.ChatDeleted, By: "hive:alice", MessageID: m.ID + 100}, 0},
		} {
			results, err := s.WriteChat(t.Context(), lobby, []store.ChatWrite{c.w}, minute.Add(c.at))
			ok(t, err)
			wantCode(t, results[0].Err, c.code)
		}
		writeAll(t, s, lobby, minute.Add(2*time.Hour), store.ChatWrite{Kind: spaces.ChatDeleted, By: "hive:mod", Moderator: true, MessageID: m.ID})
		events := since(t, s, lobby, 0, 10).Events
		kinds := ""
		for _, e := range events {
			kinds += string(e.Kind) + " "
			if e.Message.Content != "" || !e.Message.Deleted {
				t.Errorf("event %d still says %q", e.Seq, e.Message.Content)
			}
		}
		if kinds != "new edited deleted " || events[2].By != "hive:mod" {
			t.Errorf("got events %s by %s", kinds, events[2].By)
		}
		audit, err := s.AuditLog(t.Context(), lobby, 0, 10)
		ok(t, err)
		if len(audit) != 1 || audit[0].Subject != "hive:mod" || audit[0].Target != "hive:alice" || audit[0].Action != "delete_message" {
			t.Errorf("audit log: %+v", audit)
		}
		if h := history(t, s, lobby, spaces.HistoryQuery{}); len(h.Messages) != 0 {
			t.Errorf("the history still holds %+v", h.Messages)
		}
	})
}

func TestChatReactions(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := writeAll(t, s, lobby, minute, line("alice", "1", "x"))[0]
		react := func(account, reaction string, on bool) store.ChatWrite {
			return store.ChatWrite{Kind: spaces.ChatReaction, By: "hive:" + account, Account: account, MessageID: m.ID, Reaction: reaction, On: on}
		}
		writeAll(t, s, lobby, minute, react("bob", "👍", true), react("carol", "👍", true), react("bob", "yes", true), react("bob", "👍", true))
		got := history(t, s, lobby, spaces.HistoryQuery{}).Messages[0].Reactions
		want := []spaces.Reaction{{Reaction: "yes", Count: 1, Subjects: []string{"hive:bob"}}, {Reaction: "👍", Count: 2, Subjects: []string{"hive:bob", "hive:carol"}}}
		slices.SortFunc(got, func(a, b spaces.Reaction) int { return a.Count - b.Count })
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %+v", got)
		}
		writeAll(t, s, lobby, minute, react("bob", "👍", false), react("bob", "👍", false))
		if e := since(t, s, lobby, 0, 20); len(e.Events) != 5 || e.Events[4].Message.Reactions[0].Count != 1 {
			t.Errorf("got %d events, want the line, three reactions and one taken back: %+v", len(e.Events), e.Events)
		}
		for i := range 18 {
			writeAll(t, s, lobby, minute, react("dave", fmt.Sprint("r", i), true))
		}
		results, err := s.WriteChat(t.Context(), lobby, []store.ChatWrite{react("dave", "toomany", true)}, minute)
		ok(t, err)
		wantCode(t, results[0].Err, spaces.CodeConflict, "reaction")
	})
}

func TestChatHistoryPages(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var ids []int64
		for i := range 10 {
			ids = append(ids, writeAll(t, s, lobby, minute.Add(time.Duration(i)*time.Minute), line("alice", fmt.Sprint(i), fmt.Sprint(i)))[0].ID)
		}
		writeAll(t, s, attic, minute, line("alice", "x", "elsewhere"))
		for _, c := range []struct {
			q    spaces.HistoryQuery
			want string
			more bool
		}{
			{spaces.HistoryQuery{Limit: 3}, "7 8 9", true},
			{spaces.HistoryQuery{Limit: 10}, "0 1 2 3 4 5 6 7 8 9", false},
			{spaces.HistoryQuery{Limit: 3, Offset: 2}, "5 6 7", true},
			{spaces.HistoryQuery{Limit: 3, Before: ids[2]}, "0 1", false},
			{spaces.HistoryQuery{Limit: 2, After: ids[2]}, "3 4", true},
			{spaces.HistoryQuery{Limit: 4, Around: ids[5]}, "4 5 6 7", true},
			{spaces.HistoryQuery{Limit: 5, Since: minute.Add(8 * time.Minute)}, "8 9", false},
			{spaces.HistoryQuery{Limit: 5, Before: 1}, "", false},
		} {
			h := history(t, s, lobby, c.q)
			if got := fmt.Sprint(contents(h.Messages)); got != "["+c.want+"]" || h.More != c.more || h.Messages == nil {
				t.Errorf("%+v: got %s and more=%v, want [%s] and %v", c.q, got, h.More, c.want, c.more)
			}
		}
	})
}

func TestChatSince(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		if e := since(t, s, lobby, 0, 10); e.Reset || e.More || e.Next != 0 || e.Events == nil {
			t.Errorf("an unused space: %+v", e)
		}
		if e := since(t, s, lobby, 7, 10); !e.Reset || e.Next != 0 {
			t.Errorf("a seq that was never given: %+v", e)
		}
		for i := range 5 {
			writeAll(t, s, lobby, minute.Add(time.Duration(i)*time.Hour), line("alice", fmt.Sprint(i), fmt.Sprint(i)))
		}
		if e := since(t, s, lobby, 1, 2); len(e.Events) != 2 || e.Next != 3 || !e.More || e.Reset {
			t.Errorf("got %+v", e)
		}
		if e := since(t, s, lobby, 6, 2); !e.Reset || e.Next != 5 {
			t.Errorf("beyond the end: %+v", e)
		}
		_, err := s.TrimChat(t.Context(), minute, minute.Add(2*time.Hour), 100)
		ok(t, err)
		if e := since(t, s, lobby, 1, 10); !e.Reset || e.Next != 5 || len(e.Events) != 0 {
			t.Errorf("before the log: %+v", e)
		}
		if e := since(t, s, lobby, 2, 10); e.Reset || len(e.Events) != 3 {
			t.Errorf("the whole log: %+v", e)
		}
		ahead, err := s.ChatAhead(t.Context(), []store.ChatAt{{Key: lobby, Seq: 4}, {Key: attic, Seq: 0}})
		ok(t, err)
		if len(ahead) != 1 || ahead[0] != (store.ChatAt{Key: lobby, Seq: 5}) {
			t.Errorf("ahead: %+v", ahead)
		}
	})
}

func TestChatOutbox(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		writeAll(t, s, lobby, minute, line("alice", "1", "a"), line("alice", "2", "b"))
		writeAll(t, s, attic, minute.Add(time.Second), line("alice", "1", "c"))
		waiting, err := s.ChatOutbox(t.Context(), minute.Add(time.Minute), 10)
		ok(t, err)
		if len(waiting) != 3 || waiting[1].Event.Seq != 2 || waiting[2].Key != attic || waiting[2].Event.Message.Content != "c" {
			t.Fatalf("got %+v", waiting)
		}
		ok(t, s.ChatPublished(t.Context(), []store.ChatAt{{Key: lobby, Seq: 1}, {Key: attic, Seq: 1}}))
		waiting, err = s.ChatOutbox(t.Context(), minute.Add(time.Minute), 10)
		ok(t, err)
		if len(waiting) != 1 || waiting[0].Event.Message.Content != "b" {
			t.Fatalf("got %+v", waiting)
		}
		if waiting, err = s.ChatOutbox(t.Context(), minute, 10); err != nil || len(waiting) != 0 {
			t.Fatalf("too early: %+v %v", waiting, err)
		}
	})
}

// TestChatRetention: old lines go in small batches, with their reactions and
// mentions, and nothing else does.
func TestChatRetention(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for i := range 10 {
			w := line("alice", fmt.Sprint(i), fmt.Sprint(i))
			w.Line.Mentions = []string{"bob"}
			m := writeAll(t, s, lobby, minute.Add(time.Duration(i)*time.Hour), w)[0]
			writeAll(t, s, lobby, minute.Add(time.Duration(i)*time.Hour), store.ChatWrite{Kind: spaces.ChatReaction, By: "hive:bob", MessageID: m.ID, Reaction: "👍", On: true})
		}
		writeAll(t, s, attic, minute, line("alice", "1", "old"))
		comments := spaces.Key{Type: spaces.TypeDocument, ID: "7", Subspace: spaces.CommentsSubspace}
		writeAll(t, s, comments, minute.Add(-time.Hour), line("alice", "1", "a comment"))
		batches := 0
		for {
			n, err := s.TrimChat(t.Context(), minute.Add(5*time.Hour), minute.Add(5*time.Hour), 2)
			ok(t, err)
			if n > 4 {
				t.Errorf("%d rows in a batch", n)
			}
			if n == 0 {
				break
			}
			batches++
		}
		wantContents(t, history(t, s, lobby, spaces.HistoryQuery{}).Messages, "5", "6", "7", "8", "9")
		wantContents(t, history(t, s, attic, spaces.HistoryQuery{}).Messages)
		wantContents(t, history(t, s, comments, spaces.HistoryQuery{}).Messages, "a comment")
		if batches < 4 {
			t.Errorf("only %d batches", batches)
		}
		if m := writeAll(t, s, attic, minute, line("alice", "1", "new"))[0]; m.Content != "new" {
			t.Errorf("got %+v", m)
		}
		if e := since(t, s, attic, 1, 10); e.Reset || len(e.Events) != 1 || e.Events[0].Seq != 2 {
			t.Errorf("seqs begin anew after retention: %+v", e)
		}
	})
}

func TestChatUnread(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		bob := spaces.Viewer{Subject: "hive:bob"}
		old := writeAll(t, s, lobby, minute, line("alice", "0", "before bob"))[0]
		sub, err := s.PutChatSubscription(t.Context(), bob, lobby, spaces.Notify{AllMessages: true}, minute)
		ok(t, err)
		if sub.LastRead != old.ID || sub.Notify != (spaces.Notify{AllMessages: true}) || sub.Key != lobby || !sub.CreatedAt.Equal(minute) {
			t.Errorf("got %+v", sub)
		}
		named := line("alice", "1", "@bob")
		named.Line.Mentions = []string{"bob"}
		lines := writeAll(t, s, lobby, minute, named, line("alice", "2", "hi"), line("bob", "3", "mine"), line("alice", "4", "gone"))
		writeAll(t, s, lobby, minute, store.ChatWrite{Kind: spaces.ChatDeleted, By: "hive:alice", MessageID: lines[3].ID})
		check := func(messages, mentions int) {
			t.Helper()
			unread, err := s.ChatUnread(t.Context(), "hive:bob", "bob")
			ok(t, err)
			if len(unread) != 1 || unread[0].Messages != messages || unread[0].Mentions != mentions || unread[0].Key != lobby {
				t.Errorf("got %+v, want %d and %d", unread, messages, mentions)
			}
		}
		check(2, 1)
		_, err = s.MarkChatRead(t.Context(), bob, lobby, lines[0].ID, minute)
		ok(t, err)
		check(1, 0)
		_, err = s.MarkChatRead(t.Context(), bob, lobby, old.ID, minute) // never back
		ok(t, err)
		check(1, 0)
		_, err = s.MarkChatRead(t.Context(), bob, attic, lines[0].ID, minute)
		wantCode(t, err, spaces.CodeNotFound)
		carol := spaces.Viewer{Subject: "hive:carol"}
		if sub, err = s.MarkChatRead(t.Context(), carol, lobby, lines[0].ID, minute); err != nil || sub.LastRead != lines[0].ID || sub.Notify != spaces.DefaultNotify() {
			t.Errorf("got %+v %v", sub, err)
		}
		ok(t, s.DropChatSubscription(t.Context(), "hive:bob", lobby))
		ok(t, s.DropChatSubscription(t.Context(), "hive:bob", lobby))
		_, err = s.ChatSubscription(t.Context(), "hive:bob", lobby)
		wantCode(t, err, spaces.CodeNotFound)
	})
}

// TestChatOperatorsSQL: the statement of the first server's operators runs as
// printed on PostgreSQL.
func TestChatOperatorsSQL(t *testing.T) {
	t.Parallel()
	db, err := migrations.Open(t.Context(), testpg.Database(t), "", slog.New(slog.DiscardHandler))
	ok(t, err)
	defer func() { ok(t, db.Close()) }()
	s := store.New(db)
	now := time.Now()
	writeAll(t, s, lobby, now.Add(-2*time.Hour), line("alice", "1", "old"))
	writeAll(t, s, lobby, now.Add(-30*time.Minute), line("alice", "2", "a"), line("alice", "3", "b"))
	const operators = `SELECT space_type, space_id, COUNT(*) AS messages FROM chat_messages WHERE created_at > NOW() - INTERVAL '1 hour' GROUP BY space_type, space_id;`
	var spaceType, spaceID string
	var messages int
	ok(t, db.QueryRow(t.Context(), operators).Scan(&spaceType, &spaceID, &messages))
	if spaceType != "global" || spaceID != "lobby" || messages != 2 {
		t.Errorf("got %s %s %d", spaceType, spaceID, messages)
	}
}
