package state

import "time"

const (
	// maxCall bounds how long one call membership counts without being renewed:
	// the default "expires" of m.call.member. Ghosts of crashed clients last as
	// long (element-hq/element-call#3580).
	maxCall = 4 * time.Hour
	// maxCalls bounds the call memberships kept per person; clients have one
	// per device.
	maxCalls = 32
)

// life is how long a sign of life makes its user active.
func (k EvidenceKind) life() time.Duration {
	switch k {
	case EvidenceMessage:
		return messageLife
	case EvidenceReceipt:
		return receiptLife
	case EvidenceTyping:
		return typingLife
	default:
		return joinLife
	}
}

// applyEvidence takes one sign of life, of anybody known: somebody who spoke
// here and left is still alive in their other rooms.
func (e *Engine) applyEvidence(r *room, sign *Evidence) {
	p := e.people[sign.UserID]
	if p == nil {
		return
	}
	at := min(toInstant(sign.At), e.now)
	e.alive(p, at, sign.Kind.life())
	e.happened(r, at)
}

// alive notes a sign of life. Being a maximum, the order of arrival does not
// matter; one too old to matter even as "recent" is not held against the user,
// so that a receipt of last week does not turn unknown into offline.
func (e *Engine) alive(p *person, at instant, life time.Duration) {
	until := at.add(life)
	if until.add(recentLife) <= e.now {
		until = 0
	}
	if at == 0 || at <= p.seen && until <= p.activeUntil {
		return
	}
	e.touch(p)
	p.seen = max(p.seen, at)
	p.activeUntil = max(p.activeUntil, until)
}

func (e *Engine) applyCall(p *person, key callKey, until instant) {
	until = min(until, e.now.add(maxCall))
	if until <= e.now {
		e.endCall(p, key)
		return
	}
	old, in := p.calls[key]
	if old == until || !in && len(p.calls) >= maxCalls {
		return
	}
	e.touch(p)
	if p.calls == nil {
		p.calls = map[callKey]instant{}
	}
	p.calls[key] = until
}

// endCall takes p out of a call, which makes them active up to that moment.
func (e *Engine) endCall(p *person, key callKey) {
	until, in := p.calls[key]
	if !in {
		return
	}
	e.touch(p)
	delete(p.calls, key)
	p.activeUntil = max(p.activeUntil, min(until, e.sight()))
}
