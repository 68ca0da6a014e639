package links

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// source is one origin and what was last seen of it. It belongs to the
// goroutine that follows it.
type source struct {
	origin string
	every  time.Duration
	read   func(ctx context.Context, mark string) (reading, error)

	mark    string // of the last reading that reached the store
	failure string // the last failure that was logged; empty when all is well
	notes   string // the last faults and shadows that were logged
	heard   bool   // a reading has reached the store
}

// reading is what a source said.
type reading struct {
	links  []spaces.Link
	faults []fault
	mark   string // equal marks mean equal links; empty when the source cannot tell
}

// fileReader does not parse a text that is in the store already.
func fileReader(name string) func(context.Context, string) (reading, error) {
	return func(_ context.Context, mark string) (reading, error) {
		text, err := readFile(name)
		if err != nil || string(text) == mark {
			return reading{mark: mark}, err
		}
		links, err := ParseYAML(text)
		if err != nil {
			return reading{}, fmt.Errorf("%s: %w", name, err)
		}
		return reading{links: links, mark: string(text)}, nil
	}
}

func pullReader(c *cityService) func(context.Context, string) (reading, error) {
	return func(ctx context.Context, _ string) (reading, error) {
		links, faults, err := c.pull(ctx)
		return reading{links: links, faults: faults}, err
	}
}

// round reads once and brings the answer into the store. Every failure leaves
// the links as they are.
func (p *Poller) round(ctx context.Context, src *source) error {
	r, err := src.read(ctx, src.mark)
	if err == nil && r.mark != "" && r.mark == src.mark {
		p.recovered(ctx, src)
		return nil
	}
	if err == nil {
		err = p.save(ctx, src.origin, r)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.count(src, r, err)
	if err == nil || len(r.faults) > 0 {
		p.note(ctx, src, r)
	}
	if err != nil {
		p.failed(ctx, src, err)
		return err
	}
	src.mark = r.mark
	p.recovered(ctx, src)
	return nil
}

func (p *Poller) save(ctx context.Context, origin string, r reading) error {
	kept, err := p.kept(ctx, origin, r)
	if err != nil {
		return err
	}
	return p.store.ReplaceLinks(ctx, origin, append(slices.Clone(r.links), kept...))
}

// kept returns the stored links of rooms that a pull still lists but that broke
// a rule this time: a mistyped zone must not take a room out of the city.
func (p *Poller) kept(ctx context.Context, origin string, r reading) ([]spaces.Link, error) {
	if !dropped(r.faults) {
		return nil, nil
	}
	stored, err := p.store.OriginLinks(ctx, origin)
	if err != nil {
		return nil, err
	}
	taken := claimed(r.links)
	var kept []spaces.Link
	for _, l := range stored {
		listed := func(f fault) bool { return f.whole && f.slug == l.Slug }
		if slices.ContainsFunc(r.faults, listed) && repeated(taken, l) == nil {
			kept = append(kept, l)
		}
	}
	return kept, nil
}

func (p *Poller) count(src *source, r reading, err error) {
	p.metrics.reads.WithLabelValues(src.origin, outcome(err)).Inc()
	if err == nil {
		p.metrics.links.WithLabelValues(src.origin).Set(float64(len(r.links)))
	}
	for _, f := range r.faults {
		p.metrics.faults.WithLabelValues(f.reason.Field).Inc()
	}
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, errEmpty):
		return "empty"
	}
	return "failed"
}

// failed logs a failure when it is another than before. Of a service that is
// away only our own words count: its ports and resolvers differ every time.
func (p *Poller) failed(ctx context.Context, src *source, err error) {
	failure, attrs := err.Error(), []any{"origin", src.origin, "error", err}
	if e, ok := errors.AsType[*spaces.Error](err); ok && e.Code == spaces.CodeUnavailable {
		failure = e.Message
		attrs = append(attrs, "fix", e.Fix)
	}
	if src.failure == failure {
		return
	}
	src.failure = failure
	p.log.WarnContext(ctx, "links cannot be read; they stay as they are", attrs...)
}

func (p *Poller) recovered(ctx context.Context, src *source) {
	if src.heard && src.failure == "" {
		return
	}
	src.heard, src.failure = true, ""
	p.log.InfoContext(ctx, "following links", "origin", src.origin)
}

// maxNotes bounds one log record; the counter has the rest.
const maxNotes = 20

// note logs what of a reading did not take effect, when it is other than
// before.
func (p *Poller) note(ctx context.Context, src *source, r reading) {
	var notes []string
	for _, f := range r.faults {
		notes = append(notes, f.String())
	}
	notes = append(notes, p.shadows(ctx, src.origin)...)
	if all := strings.Join(notes, "\n"); all != src.notes {
		src.notes = all
		if all != "" {
			p.log.WarnContext(ctx, "some rooms are not in the city as their source says",
				slog.String("origin", src.origin), slog.Int("count", len(notes)), slog.Any("reasons", notes[:min(len(notes), maxNotes)]))
		}
	}
}

func (p *Poller) shadows(ctx context.Context, origin string) (notes []string) {
	shadows, err := p.store.Shadows(ctx)
	if err != nil {
		return nil // the next round asks again; the store's own failure is logged by then
	}
	for _, s := range shadows {
		if s.Origin == origin {
			notes = append(notes, shadowNote(s))
		}
	}
	return notes
}

func shadowNote(s store.Shadow) string {
	return fmt.Sprintf("%s: the link %s of origin %s has its %s and takes precedence", s.Slug, s.By, s.Winner, s.Field)
}
