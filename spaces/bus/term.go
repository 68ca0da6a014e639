package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// term is one aggregator's time as the leader. It is written down in the
// stream itself, and every publish of the leader expects that message to be
// the newest of its subject: the server then refuses a leader that was
// deposed, at any delay, without anybody's clock being trusted.
//
// fence and ended are guarded by the publisher's mutex.
type term struct {
	record termRecord
	fence  uint64 // sequence of the record in the stream
	ended  bool   // the lease is gone; never fence again
	depose context.CancelCauseFunc
}

// termRecord is the payload of city.presence.term.
type termRecord struct {
	Epoch  uint64 `json:"epoch"`
	Holder string `json:"holder"`
}

// begin writes a new term with an epoch greater than every earlier one into
// the stream. Values remembered from before are dropped: the new leader
// publishes what holds in its own term.
func (p *publisher) begin(ctx context.Context, holder string, depose context.CancelCauseFunc) (*term, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	info, err := cityStream.again(ctx, p.js)
	if err != nil {
		return nil, err
	}
	last, seq, err := p.lastEpoch(ctx)
	if err != nil {
		return nil, err
	}
	if p.term != nil {
		last = max(last, p.term.record.Epoch)
	}
	// Milliseconds keep epochs growing when a stream was lost with its past.
	epoch := max(last+1, uint64(time.Now().UnixMilli()))
	t := &term{record: termRecord{Epoch: epoch, Holder: holder}, depose: depose}
	if err := t.write(ctx, p.js, seq); err != nil {
		return nil, fmt.Errorf("begin a term: %w", err)
	}
	p.found(info)
	p.term, p.journal = t, journal{}
	return t, nil
}

// end says that the lease is gone: from now on a lost fence stays lost.
func (p *publisher) end(t *term) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.ended = true
	if p.term == t {
		p.journal = journal{}
	}
}

// lastEpoch returns the greatest epoch the stream knows and the sequence of its
// term record, zero when there is none.
func (p *publisher) lastEpoch(ctx context.Context) (epoch, seq uint64, err error) {
	for _, subject := range []string{subjectStatus, subjectCity, subjectTerm} {
		m, err := lastMessage(ctx, p.js, subject)
		if err != nil {
			return 0, 0, err
		}
		if m == nil {
			continue
		}
		var seen termRecord
		if json.Unmarshal(m.Data, &seen) == nil {
			epoch = max(epoch, seen.Epoch)
		}
		if subject == subjectTerm {
			seq = m.Sequence
		}
	}
	return epoch, seq, nil
}

// write stores the record if the last one is still at sequence seq.
func (t *term) write(ctx context.Context, js jetstream.JetStream, seq uint64) error {
	data, err := json.Marshal(t.record)
	if err != nil {
		return err
	}
	ack, err := js.Publish(ctx, subjectTerm, data,
		jetstream.WithExpectStream(streamName), jetstream.WithExpectLastSequencePerSubject(seq))
	if err != nil {
		return err
	}
	t.fence = ack.Sequence
	return nil
}

// stands reports whether our record is still the newest of the stream; false
// when there is none at all. It returns ErrDeposed, and ends the leader's
// context, when somebody else's is there or our lease is gone.
func (t *term) stands(ctx context.Context, js jetstream.JetStream) (bool, error) {
	m, err := lastMessage(ctx, js, subjectTerm)
	switch {
	case err != nil:
		return false, err
	case m == nil && !t.ended:
		return false, nil
	case m != nil && t.wrote(m.Data):
		t.fence = m.Sequence // also when the acknowledgement of our own writing was lost
		return true, nil
	}
	t.depose(ErrDeposed)
	return false, ErrDeposed
}

// writeAgain puts the record into a stream that lost it.
func (t *term) writeAgain(ctx context.Context, js jetstream.JetStream) error {
	err := t.write(ctx, js, 0)
	if fenced(err) {
		t.depose(ErrDeposed)
		return ErrDeposed
	}
	return err
}

func (t *term) wrote(data []byte) bool {
	var there termRecord
	return json.Unmarshal(data, &there) == nil && there == t.record
}
