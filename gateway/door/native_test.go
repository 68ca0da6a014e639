package door_test

import (
	"testing"
)

// TestTwoSeeEachOther is the point of it all.
func TestTwoSeeEachOther(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	alice := w.enter("alice")
	bob := w.enter("guest-bob")
	if n := alice.until("member.joined"); n.Member.Session != bob.session || n.Member.Ref != bob.ref || !n.Member.Guest || n.Member.Account != "" {
		t.Fatalf("alice hears %s", n.raw)
	}
	alice.move(1, 2)
	bob.move(-3, 4)
	alice.sees(bob.ref, -3, 4)
	bob.sees(alice.ref, 1, 2)
	carol := w.arrive("carol")
	joined := carol.join(lobby)
	if len(joined.Members) != 3 {
		t.Fatalf("carol finds %s", joined.raw)
	}
	carol.sees(alice.ref, 1, 2)
	carol.sees(bob.ref, -3, 4)
}
