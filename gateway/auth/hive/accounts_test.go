package hive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/gateway/auth/hive"
	"presence/spaces"
)

// node is a Hive node in the test's hands.
type node struct {
	*httptest.Server
	asked  atomic.Int64
	mu     sync.Mutex
	answer func(w http.ResponseWriter, account string)
}

func newNode(t *testing.T, answer func(w http.ResponseWriter, account string)) *node {
	t.Helper()
	n := &node{answer: answer}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.asked.Add(1)
		var question struct {
			Method string
			Params [][]string
		}
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil || question.Method != "condenser_api.get_accounts" || len(question.Params) != 1 {
			http.Error(w, "what?", http.StatusBadRequest)
			return
		}
		n.mu.Lock()
		answer := n.answer
		n.mu.Unlock()
		answer(w, question.Params[0][0])
	}))
	t.Cleanup(n.Close)
	return n
}

func (n *node) answers(answer func(w http.ResponseWriter, account string)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answer = answer
}

// says answers with a text in which %s is the account.
func says(text string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, account string) {
		_, _ = io.WriteString(w, strings.ReplaceAll(text, "%s", account)) // the client may be gone
	}
}

func holds(key string, weight, threshold int) func(http.ResponseWriter, string) {
	return says(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"result":[{"name":"%%s","owner":{"weight_threshold":1,"key_auths":[["STMowner",1]]},
		"posting":{"weight_threshold":%d,"account_auths":[["some.app",1]],"key_auths":[["%s",%d]]},"memo_key":"STMmemo"}]}`, threshold, key, weight))
}

func broken(status int) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) { w.WriteHeader(status) }
}

// clock is a time that tests set.
type clock struct{ now atomic.Int64 }

func (c *clock) time() time.Time         { return time.Unix(c.now.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.now.Add(int64(d / time.Second)) }

func accounts(c *clock, nodes ...*node) *hive.Accounts {
	urls := make([]string, len(nodes))
	for i, n := range nodes {
		urls[i] = n.URL
	}
	return hive.NewAccounts(urls, c.time, slog.New(slog.DiscardHandler))
}

func TestPostingIsRememberedForAMinute(t *testing.T) {
	t.Parallel()
	c, n := &clock{}, newNode(t, holds(vectorKey, 1, 1))
	a := accounts(c, n)
	check := func(key hive.Key, want bool) {
		t.Helper()
		posting, err := a.Posting(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		if posting.Alone(key) != want {
			t.Errorf("Alone(%s) is %t in %+v", key, !want, posting)
		}
	}
	check(vectorKey, true)
	check("STMowner", false)
	n.answers(holds("STMother", 1, 1))
	c.advance(59 * time.Second)
	check(vectorKey, true)
	if n.asked.Load() != 1 {
		t.Errorf("the node was asked %d times within a minute", n.asked.Load())
	}
	c.advance(time.Second)
	check(vectorKey, false)
}

func TestWeights(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		weight, threshold int
		want              bool
	}{{1, 1, true}, {2, 1, true}, {1, 2, false}, {0, 1, false}} {
		posting, err := accounts(&clock{}, newNode(t, holds(vectorKey, c.weight, c.threshold))).Posting(t.Context(), "alice")
		if err != nil || posting.Alone(vectorKey) != c.want {
			t.Errorf("weight %d of %d: %+v, %v", c.weight, c.threshold, posting, err)
		}
	}
}

// TestNextNode: whatever one node does, the next is asked; when none is of use,
// nobody gets in, not even on what was known before.
func TestNextNode(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(http.ResponseWriter, string){
		"fails": broken(http.StatusInternalServerError),
		"redirects": func(w http.ResponseWriter, _ string) {
			w.Header().Set("Location", "/")
			w.WriteHeader(http.StatusFound)
		},
		"error":        says(`{"error":{"code":-32003,"message":"unavailable"}}`),
		"no JSON":      says("<html>"),
		"no result":    says("{}"),
		"null":         says("null"),
		"no authority": says(`{"result":[{"name":"%s"}]}`),
		"odd keys":     says(`{"result":[{"name":"%s","posting":{"weight_threshold":1,"key_auths":[[1,"x"]]}}]}`),
		"endless":      says(strings.Repeat(" ", 2<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, first, second := &clock{}, newNode(t, bad), newNode(t, holds(vectorKey, 1, 1))
			a := accounts(c, first, second)
			posting, err := a.Posting(t.Context(), "alice")
			if err != nil || !posting.Alone(vectorKey) {
				t.Fatalf("%+v, %v", posting, err)
			}
			if _, err := a.Posting(t.Context(), "bobby"); err != nil || first.asked.Load() != 1 {
				t.Errorf("%v; the useless node was asked %d times, want once", err, first.asked.Load())
			}
			second.answers(bad)
			c.advance(time.Minute)
			if posting, err := a.Posting(t.Context(), "alice"); spaces.ErrorCode(err) != spaces.CodeUnavailable || posting.Alone(vectorKey) {
				t.Errorf("without nodes: %+v, %v", posting, err)
			}
		})
	}
}

func TestNoSuchAccount(t *testing.T) {
	t.Parallel()
	c := &clock{}
	n := newNode(t, says(`{"result":[]}`))
	a := accounts(c, n)
	for range 3 {
		if _, err := a.Posting(t.Context(), "nobody"); spaces.ErrorCode(err) != spaces.CodeUnauthenticated {
			t.Fatalf("got %v", err)
		}
	}
	if n.asked.Load() != 1 {
		t.Errorf("asked %d times", n.asked.Load())
	}
	n.answers(says(`{"result":[{"name":"somebody-else","posting":{"weight_threshold":1,"key_auths":[["` + vectorKey + `",1]]}}]}`))
	c.advance(15 * time.Second)
	if posting, err := a.Posting(t.Context(), "nobody"); err == nil {
		t.Errorf("somebody else's keys count: %+v", posting)
	}
	n.answers(holds(vectorKey, 1, 1))
	c.advance(15 * time.Second)
	if _, err := a.Posting(t.Context(), "nobody"); err != nil {
		t.Errorf("the new account: %v", err)
	}
	for _, name := range []string{"", "Alice", "al", "a\nb", "alice/../bob", strings.Repeat("a", 17)} {
		if _, err := a.Posting(t.Context(), name); spaces.ErrorCode(err) != spaces.CodeInvalid {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

// TestOneQuestionAtATime: a crowd behind one account asks once, and one of the
// crowd who leaves takes nobody along.
func TestOneQuestionAtATime(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}), make(chan struct{})
	n := newNode(t, func(w http.ResponseWriter, account string) {
		close(asked)
		<-release
		holds(vectorKey, 1, 1)(w, account)
	})
	a := accounts(&clock{}, n)
	ctx, leave := context.WithCancel(t.Context())
	var crowd sync.WaitGroup
	crowd.Go(func() {
		_, _ = a.Posting(ctx, "alice") // it left
	})
	<-asked
	for range 20 {
		crowd.Go(func() {
			if posting, err := a.Posting(t.Context(), "alice"); err != nil || !posting.Alone(vectorKey) {
				t.Errorf("%+v, %v", posting, err)
			}
		})
	}
	leave()
	close(release)
	crowd.Wait()
	if n.asked.Load() != 1 {
		t.Errorf("the node was asked %d times", n.asked.Load())
	}
}
