package chat_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/deploy/testnats"
	"presence/deploy/testpg"
)

// TestNothingIsLost: 200 people write over two gateway processes while one of
// them is killed and NATS is restarted. Every acknowledged line is stored once
// and delivered once, in order, to everybody who stayed or came back.
// BenchmarkNothingIsLost is the same for a minute, with figures.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	prove(t, 200, 5, 400*time.Millisecond)
}

// BenchmarkNothingIsLost writes 10,000 lines in a minute.
func BenchmarkNothingIsLost(b *testing.B) {
	for range b.N {
		p := prove(b, 200, 50, 1200*time.Millisecond)
		p.report(b)
	}
}

// proof is one run and what was measured.
type proof struct {
	t        testing.TB
	gateways []*childGateway
	lines    atomic.Int64 // acknowledged
	again    atomic.Int64 // sent again after a connection broke or a refusal

	mu       sync.Mutex // guards what follows
	acks     []time.Duration
	arrivals []time.Duration
	took     time.Duration
}

func prove(t testing.TB, writers, lines int, pace time.Duration) *proof {
	const listeners = 20
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	nats, database := testnats.Start(t), testpg.Database(t)
	p := &proof{t: t, gateways: []*childGateway{startChild(t, database, nats.URL()), startChild(t, database, nats.URL())}}
	all := int64(writers * lines)

	var writing, listening sync.WaitGroup
	heards := make([][]heard, listeners)
	for i := range listeners {
		listening.Go(func() { heards[i] = p.listen(ctx, p.gateways[i%2], all) })
	}
	began := time.Now()
	for i := range writers {
		writing.Go(func() { p.write(ctx, p.gateways[i%2], i, lines, pace) })
	}
	p.after(ctx, all/3)
	p.gateways[0].kill()
	p.gateways[0].start()
	p.after(ctx, all*2/3)
	nats.Stop()
	nats.Start()
	writing.Wait()
	p.took = time.Since(began)
	listening.Wait()
	if got := p.lines.Load(); got != all {
		t.Fatalf("%d of %d lines were acknowledged", got, all)
	}
	p.check(ctx, heards, writers, lines)
	return p
}

// after waits until so many lines were acknowledged.
func (p *proof) after(ctx context.Context, lines int64) {
	for p.lines.Load() < lines && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
}

// write sends one line after the other, each until it is acknowledged.
func (p *proof) write(ctx context.Context, g *childGateway, writer, lines int, pace time.Duration) {
	var l *link
	defer func() {
		if l != nil {
			l.Close()
		}
	}()
	next := time.Now().Add(pace * time.Duration(writer%100) / 100)
	for n := range lines {
		sleep(ctx, time.Until(next))
		next = next.Add(pace)
		sent := time.Now()
		for tries := 0; ctx.Err() == nil; tries++ {
			if tries > 0 {
				p.again.Add(1)
				sleep(ctx, 100*time.Millisecond)
			}
			if l == nil {
				var err error
				if l, err = g.dial(ctx); err != nil {
					return
				}
			}
			got, err := l.do(ask{Op: "send", Subject: fmt.Sprint("hive:writer", writer), ClientID: fmt.Sprint(n), Content: fmt.Sprintf("line %d of %d, שלום", n, writer)}, nil)
			if err != nil {
				l.Close()
				l = nil
				continue
			}
			if got.Error == "" {
				break
			}
		}
		p.mu.Lock()
		p.acks = append(p.acks, time.Since(sent))
		p.mu.Unlock()
		p.lines.Add(1)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// listen is a client that comes back when its connection breaks: it follows,
// asks what it missed up to where the following began, and goes on. It keeps
// all that it was given, and filters nothing.
func (p *proof) listen(ctx context.Context, g *childGateway, all int64) (list []heard) {
	for int64(len(list)) < all && ctx.Err() == nil {
		l, err := g.dial(ctx)
		if err != nil {
			return list
		}
		stop := context.AfterFunc(ctx, func() { l.Close() })
		list = p.stay(l, list, all)
		stop()
		l.Close()
	}
	return list
}

// stay listens over one connection until it breaks or everything has come.
func (p *proof) stay(l *link, list []heard, all int64) []heard {
	var live []heard
	collect := func(events []heard) { live = append(live, events...) }
	following, err := l.do(ask{Op: "follow"}, collect)
	if err != nil || following.Error != "" {
		return list
	}
	for last := int64(len(list)); last < following.Seq; last = int64(len(list)) {
		missed, err := l.do(ask{Op: "since", Seq: last}, collect)
		if err != nil || missed.Error != "" {
			return list
		}
		for _, e := range missed.Events {
			if e.Seq <= following.Seq {
				list = append(list, e)
			}
		}
	}
	for list = append(list, live...); int64(len(list)) < all; {
		var got answer
		if l.Decode(&got) != nil {
			return list
		}
		p.arrived(got.Events)
		list = append(list, got.Events...)
	}
	return list
}

func (p *proof) arrived(events []heard) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		p.arrivals = append(p.arrivals, time.Since(e.At))
	}
}

// check compares what everybody heard with what was acknowledged.
func (p *proof) check(ctx context.Context, heards [][]heard, writers, lines int) {
	p.t.Helper()
	stored := p.stored(ctx)
	if len(stored) != writers*lines {
		p.t.Errorf("%d lines are stored, %d were acknowledged", len(stored), writers*lines)
	}
	next := map[string]int{} // by writer
	for i, e := range stored {
		if e.Seq != int64(i+1) {
			p.t.Fatalf("event %d is stored with seq %d", i+1, e.Seq)
		}
		if e.Line != fmt.Sprint(next[e.By]) {
			p.t.Fatalf("%s's line %s is stored when %d was due", e.By, e.Line, next[e.By])
		}
		next[e.By]++
	}
	for i, list := range heards {
		same := func(a, b heard) bool { return a.Seq == b.Seq && a.By == b.By && a.Line == b.Line }
		if !slices.EqualFunc(list, stored, same) {
			p.t.Errorf("listener %d heard %d events, and not those that are stored in their order", i, len(list))
		}
	}
}

// stored is the whole log.
func (p *proof) stored(ctx context.Context) (all []heard) {
	p.t.Helper()
	l, err := p.gateways[1].dial(ctx)
	ok(p.t, err)
	defer l.Close()
	for {
		page, err := l.do(ask{Op: "since", Seq: int64(len(all))}, nil)
		ok(p.t, err)
		all = append(all, page.Events...)
		if !page.More {
			return all
		}
	}
}

func (p *proof) report(b *testing.B) {
	quantile := func(list []time.Duration, q float64) float64 {
		slices.Sort(list)
		return float64(list[int(q*float64(len(list)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(float64(p.lines.Load())/p.took.Minutes(), "lines/min")
	b.ReportMetric(float64(p.again.Load()), "sent-again")
	b.ReportMetric(quantile(p.acks, 0.5), "ack-p50-ms")
	b.ReportMetric(quantile(p.acks, 0.99), "ack-p99-ms")
	b.ReportMetric(quantile(p.arrivals, 0.5), "arrive-p50-ms")
	b.ReportMetric(quantile(p.arrivals, 0.99), "arrive-p99-ms")
	b.ReportMetric(0, "ns/op")
}
