package hive

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"presence/spaces"
)

const (
	// knownFor is how long a key that was taken from an account still opens it
	// here, and how often a busy account costs a question to a node.
	knownFor = time.Minute
	// missingFor is shorter: the account may be made any moment.
	missingFor = 15 * time.Second
	// failedFor keeps a flood of logins from becoming a flood of questions while
	// no node answers.
	failedFor = 2 * time.Second

	nodeTimeout = 4 * time.Second
	// lookUps bounds the questions under way at once: everybody may claim to be
	// any account.
	lookUps   = 16
	lookUpMax = 8 * time.Second // with a turn waited for and several nodes tried

	maxRemembered = 10_000 // accounts; about a kilobyte each
)

// Authority is who may act for an account in one role: whoever holds keys whose
// weights together reach the threshold.
type Authority struct {
	Threshold int64
	Weights   map[Key]int64
}

// Alone reports whether key by itself reaches the threshold. Other accounts
// that may act for this one do not count: they are rights that were delegated
// to applications.
func (a Authority) Alone(key Key) bool {
	return a.Threshold > 0 && a.Weights[key] >= a.Threshold
}

// Accounts looks up who may post for an account. Its methods are called from
// any goroutine; the answers remembered are guarded by mu.
type Accounts struct {
	nodes   []string
	client  *http.Client
	now     func() time.Time
	log     *slog.Logger
	turns   chan struct{}
	flights singleflight.Group
	first   atomic.Int64 // index of the node that answered last

	mu         sync.Mutex
	remembered map[string]remembered
}

type remembered struct {
	posting Authority
	err     error // instead of posting
	until   time.Time
}

// NewAccounts takes the URLs of Hive nodes (HIVE_NODE), asked in this order
// until one answers.
func NewAccounts(nodes []string, now func() time.Time, log *slog.Logger) *Accounts {
	return &Accounts{
		nodes: nodes,
		client: &http.Client{
			Timeout:       nodeTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now: now, log: log,
		turns:      make(chan struct{}, lookUps),
		remembered: map[string]remembered{},
	}
}

// Posting returns the posting authority of an account, at most a minute old.
// The error is a [spaces.Error]: CodeUnauthenticated when there is no such
// account, CodeUnavailable when no node answers; an authority from before is
// not used then.
func (a *Accounts) Posting(ctx context.Context, account string) (Authority, error) {
	if !spaces.ValidHiveAccount(account) {
		return Authority{}, spaces.Invalid("account", "is not a Hive account name: 3 to 16 of a-z, 0-9, - and .")
	}
	if known, ok := a.recall(account); ok {
		return known.posting, known.err
	}
	// The first one's leaving must not fail the others who wait for the answer.
	// All of them wait in their own goroutine, for lookUpMax at most.
	ctx = context.WithoutCancel(ctx)
	answer, _, _ := a.flights.Do(account, func() (any, error) {
		if known, ok := a.recall(account); ok {
			return known, nil
		}
		return a.lookUp(ctx, account), nil
	})
	known := answer.(remembered)
	return known.posting, known.err
}

func (a *Accounts) recall(account string) (remembered, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, ok := a.remembered[account]
	return known, ok && a.now().Before(known.until)
}

func (a *Accounts) lookUp(ctx context.Context, account string) remembered {
	ctx, cancel := context.WithTimeout(ctx, lookUpMax)
	defer cancel()
	posting, err := a.ask(ctx, account)
	life := knownFor
	switch spaces.ErrorCode(err) {
	case "":
	case spaces.CodeUnauthenticated:
		life = missingFor
	default:
		life = failedFor
	}
	found := remembered{posting, err, a.now().Add(life)}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.remembered) >= maxRemembered {
		a.makeRoom()
	}
	a.remembered[account] = found
	return found
}

// makeRoom forgets what is over, or some of it all when that is nothing. The
// caller holds mu.
func (a *Accounts) makeRoom() {
	now := a.now()
	for account, known := range a.remembered {
		if !now.Before(known.until) {
			delete(a.remembered, account)
		}
	}
	for account := range a.remembered {
		if len(a.remembered) < maxRemembered*9/10 {
			return
		}
		delete(a.remembered, account)
	}
}

// ask tries the nodes in turn, first the one that answered last.
func (a *Accounts) ask(ctx context.Context, account string) (Authority, error) {
	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	case <-ctx.Done():
		return Authority{}, noNode(ctx.Err())
	}
	var failures []error
	first := int(a.first.Load())
	for i := range a.nodes {
		node := (first + i) % len(a.nodes)
		posting, err := a.askNode(ctx, a.nodes[node], account)
		if err == nil || spaces.ErrorCode(err) == spaces.CodeUnauthenticated {
			a.first.Store(int64(node))
			return posting, err
		}
		a.log.WarnContext(ctx, "a Hive node does not answer", "node", hostOf(a.nodes[node]), "error", err)
		failures = append(failures, err)
	}
	return Authority{}, noNode(errors.Join(failures...))
}

func noNode(cause error) *spaces.Error {
	return &spaces.Error{
		Code: spaces.CodeUnavailable, Message: "Hive accounts cannot be checked at the moment",
		Fix: "Try again in a few seconds", Err: cause,
	}
}
