package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// curable reports whether looking at the stream and sending again may help.
func curable(err error) bool {
	if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) {
		return true
	}
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case jetstream.JSErrCodeStreamNotFound, jetstream.JSErrCodeStreamWrongLastSequence:
		return true
	case jetstream.JSErrCodeStreamWrongLastSequenceConstant: // two fenced messages at once in a replicated stream
		return true
	default:
		return false
	}
}

// fenced reports whether the server refused a message because another one has
// taken the place it expected to find.
func fenced(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

// heal makes the stream exist and restores what was lost with an old one. It
// returns ErrDeposed when somebody else leads by now. The caller holds mu.
func (p *publisher) heal(ctx context.Context) error {
	info, err := cityStream.again(ctx, p.js)
	if err != nil {
		return err
	}
	emptied := !info.Created.Equal(p.created)
	p.found(info)
	if p.term == nil {
		if emptied {
			return p.restore(ctx, p.journal.living(time.Now()))
		}
		return nil
	}
	switch stands, err := p.term.stands(ctx, p.js); {
	case err != nil:
		return err
	case stands:
		return nil
	}
	// A fence of zero lets values in as long as nobody has begun a term. The
	// record comes last: it tells watchers that everything is there again.
	p.term.fence = 0
	lost := p.journal.living(time.Now())
	if err := p.restore(ctx, lost); err != nil {
		return err
	}
	if err := p.term.writeAgain(ctx, p.js); err != nil || len(lost) == 0 {
		return err
	}
	// The stream may have been emptied in between: then the record stands alone,
	// and nothing would ever be refused again.
	if m, err := lastMessage(ctx, p.js, lost[0].subject); err != nil || m != nil {
		return err
	}
	return p.restore(ctx, lost)
}

func (p *publisher) restore(ctx context.Context, lost []entry) error {
	p.metrics.restores.Inc()
	p.log.WarnContext(ctx, "the stream has lost its contents; restoring them", "values", len(lost))
	if err := errors.Join(p.send(ctx, lost)...); err != nil {
		p.created = time.Time{} // so that the next heal restores the rest
		return fmt.Errorf("restore the stream: %w", err)
	}
	return nil
}

// journal is what this process has published that still lives, by subject. It
// is the only copy when a stream is lost, and small: one value per room.
type journal map[string]remembered

type remembered struct {
	entry
	expires time.Time // zero never
}

func (j journal) remember(entries []entry, now time.Time) {
	for _, e := range entries {
		if e.data == nil {
			delete(j, e.subject)
			continue
		}
		r := remembered{entry: e}
		if e.ttl > 0 {
			r.expires = now.Add(e.ttl)
		}
		j[e.subject] = r
	}
}

// living returns what has not expired, with the lifetime it has left. The
// status comes last: watchers take it as the sign that the rest is there.
func (j journal) living(now time.Time) []entry {
	var entries []entry
	for subject, r := range j {
		if r.expires.IsZero() {
			entries = append(entries, r.entry)
			continue
		}
		if r.ttl = r.expires.Sub(now); r.ttl <= 0 {
			delete(j, subject)
			continue
		}
		entries = append(entries, r.entry)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return strings.Compare(restoreOrder(a.subject), restoreOrder(b.subject))
	})
	return entries
}

func restoreOrder(subject string) string {
	switch {
	case subject == subjectStatus:
		return "3"
	case strings.HasPrefix(subject, linkPrefix):
		return "1" + subject
	default:
		return "2" + subject
	}
}
