package city

import (
	"cmp"
	"slices"
	"strings"

	"presence/spaces"
)

// class is everybody who sees the same rooms: viewers with the same rights get
// the same bytes. Most of a city is one class, the public.
type class struct {
	key    string
	viewer spaces.Viewer // roles and microDAOs only
}

func classOf(v spaces.Viewer) class {
	if slices.Contains(v.Roles, spaces.RoleAdmin) {
		return class{key: "admin", viewer: spaces.Viewer{Roles: []string{spaces.RoleAdmin}}}
	}
	groups := slices.Clone(v.MicroDAOs)
	slices.Sort(groups)
	groups = slices.Compact(groups)
	return class{key: "\x00" + strings.Join(groups, "\x00"), viewer: spaces.Viewer{MicroDAOs: groups}}
}

// sameAudience reports whether a change of a link changes nothing about who may
// see the room.
func sameAudience(a, b *spaces.Link) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Public == b.Public && a.MicroDAO == b.MicroDAO
}

// maxAudience bounds the log. A socket so slow that it missed this many changes
// gets a new snapshot instead.
const maxAudience = 4096

// audienceLog remembers who could see a room before its link changed, so that
// exactly those are told that it is gone: telling anybody else would say that a
// private room exists. Guarded by City.mu.
type audienceLog struct {
	entries []audienceChange // by seq
	floor   uint64           // the log answers for cursors from here on
}

type audienceChange struct {
	seq    uint64
	slug   spaces.Slug
	before *spaces.Link // nil: the room was not linked
}

func (a *audienceLog) note(seq uint64, slug spaces.Slug, before *spaces.Link) {
	a.entries = append(a.entries, audienceChange{seq, slug, before})
	if len(a.entries) > maxAudience {
		drop := len(a.entries) / 2
		a.floor = a.entries[drop-1].seq
		a.entries = slices.Delete(a.entries, 0, drop)
	}
}

// answers reports whether before can be asked about cursor.
func (a *audienceLog) answers(cursor uint64) bool { return cursor >= a.floor }

// before returns, for every room whose audience changed after cursor, what its
// link was then and the sequence number of the latest change.
func (a *audienceLog) before(cursor uint64) map[spaces.Slug]audienceChange {
	start, _ := slices.BinarySearchFunc(a.entries, cursor+1, func(e audienceChange, seq uint64) int {
		return cmp.Compare(e.seq, seq)
	})
	var first map[spaces.Slug]audienceChange
	for _, e := range a.entries[start:] {
		if first == nil {
			first = map[spaces.Slug]audienceChange{}
		}
		if known, ok := first[e.slug]; ok {
			e.before = known.before
		}
		first[e.slug] = e
	}
	return first
}

// size bounds how many rooms a change of rights can concern beyond those of the
// table.
func (a *audienceLog) size() int { return len(a.entries) }
