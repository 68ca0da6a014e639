package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"presence/spaces"
)

// markerTTL is how long the stream keeps the empty marker of a subject that is
// gone. A watcher that was away longer takes a new snapshot anyway.
const markerTTL = time.Minute

// stream is what one of our streams must be like. All of them hold one message
// per subject, with a lifetime per message.
type stream struct {
	name, description string
	subjects          []string
	transform         *jetstream.SubjectTransformConfig // nil: none
}

var cityStream = stream{
	name: streamName, description: "The city's presence: one message per subject, the newest wins",
	subjects: streamSubjects,
	transform: &jetstream.SubjectTransformConfig{
		Source: dropPrefix + "*.*", Destination: prefix + "{{wildcard(1)}}.{{wildcard(2)}}",
	},
}

var sessionStream = stream{
	name: sessionStreamName, description: "Who is in which space, and which gateways live: one message per subject",
	subjects: []string{sessionPrefix + "*.*", alivePrefix + "*"},
}

// ensure creates the stream, or brings an existing one to the settings we rely
// on and leaves an operator's own (replicas, placement, limits) alone.
func (s stream) ensure(ctx context.Context, js jetstream.JetStream) (*jetstream.StreamInfo, error) {
	there, err := js.Stream(ctx, s.name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		there, err = s.create(ctx, js)
	}
	return s.settle(ctx, js, there, err)
}

func (s stream) settle(ctx context.Context, js jetstream.JetStream, there jetstream.Stream, err error) (*jetstream.StreamInfo, error) {
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", s.name, err)
	}
	info := there.CachedInfo()
	if s.settled(info.Config) {
		return info, nil
	}
	if there, err = js.UpdateStream(ctx, s.ours(info.Config)); err != nil {
		return nil, fmt.Errorf("update stream %s: %w", s.name, err)
	}
	return there.CachedInfo(), nil
}

// deletionTakes is how long the server may need to delete a stream. It forgets
// the stream's name first and moves the files away later: whoever creates the
// stream anew in between loses its files, or crashes the server (a nil pointer
// in newFileStore, nats-server 2.15.2).
const deletionTakes = 500 * time.Millisecond

// again is ensure for a stream that was there before: one that is missing has
// been deleted, perhaps a moment ago.
func (s stream) again(ctx context.Context, js jetstream.JetStream) (*jetstream.StreamInfo, error) {
	there, err := js.Stream(ctx, s.name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		pause(ctx, deletionTakes)
		return s.ensure(ctx, js)
	}
	return s.settle(ctx, js, there, err)
}

const (
	// storeBusy is the server's answer while the files of a stream of the same
	// name, deleted a moment ago, are still being removed.
	storeBusy    jetstream.ErrorCode = 10049
	storeTries                       = 20
	storeBusyFor                     = 50 * time.Millisecond
)

func (s stream) create(ctx context.Context, js jetstream.JetStream) (made jetstream.Stream, err error) {
	for range storeTries {
		made, err = js.CreateStream(ctx, s.ours(jetstream.StreamConfig{Name: s.name, Storage: jetstream.FileStorage}))
		var refused *jetstream.APIError
		if !errors.As(err, &refused) || refused.ErrorCode != storeBusy {
			return made, err
		}
		select {
		case <-time.After(storeBusyFor):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return nil, err
}

// ours sets what correctness depends on.
func (s stream) ours(c jetstream.StreamConfig) jetstream.StreamConfig {
	c.Description = s.description
	c.Subjects = slices.Clone(s.subjects)
	c.Retention = jetstream.LimitsPolicy
	c.Discard = jetstream.DiscardOld
	c.MaxMsgsPerSubject = 1
	c.AllowMsgTTL = true
	c.SubjectDeleteMarkerTTL = markerTTL
	c.AllowRollup = true  // the server's markers are roll-ups
	c.AllowDirect = false // what we read decides who leads: only the stream's leader may answer
	c.SubjectTransform = s.transform
	return c
}

func (s stream) settled(have jetstream.StreamConfig) bool {
	want := s.ours(have)
	return slices.Equal(have.Subjects, want.Subjects) && have.MaxMsgsPerSubject == 1 &&
		have.Retention == want.Retention && have.Discard == want.Discard &&
		have.AllowMsgTTL && have.AllowRollup && !have.AllowDirect && have.SubjectDeleteMarkerTTL == markerTTL &&
		s.transformed(have.SubjectTransform)
}

func (s stream) transformed(have *jetstream.SubjectTransformConfig) bool {
	if have == nil || s.transform == nil {
		return have == nil && s.transform == nil
	}
	return *have == *s.transform
}

// lastMessage returns the stored message of a subject; nil when there is none.
func lastMessage(ctx context.Context, js jetstream.JetStream, subject string) (*jetstream.RawStreamMsg, error) {
	s, err := js.Stream(ctx, streamName)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", streamName, err)
	}
	m, err := s.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", subject, err)
	}
	return m, nil
}

// checkServer refuses servers that would silently drop what we depend on:
// lifetimes per message came with 2.11.
func checkServer(ctx context.Context, nc *nats.Conn, js jetstream.JetStream) error {
	version := nc.ConnectedServerVersion()
	if !atLeast211(version) {
		return &spaces.Error{
			Code:    spaces.CodeUnavailable,
			Message: fmt.Sprintf("the NATS server is version %s; 2.11 or later is needed for message lifetimes", version),
			Fix:     "upgrade nats-server, or leave NATS_URL empty for the built-in one",
		}
	}
	if _, err := js.AccountInfo(ctx); err != nil {
		return &spaces.Error{
			Code:    spaces.CodeUnavailable,
			Message: "the NATS server gives this account no JetStream",
			Fix:     "start nats-server with -js, or enable JetStream for the account", Err: err,
		}
	}
	return nil
}

func atLeast211(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major > 2 || major == 2 && minor >= 11)
}
