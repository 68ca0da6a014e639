package spaces

import "slices"

// Scope is how a token that is good for one space only spells one right there:
// "enter:global:lobby:main".
func Scope(a Action, k Key) string { return string(a) + ":" + k.String() }

// Allows reports whether the viewer's credential, if it was narrowed, was
// narrowed to something that includes the action. Entering includes seeing and
// reading; writing and governing have scopes of their own.
func (v Viewer) Allows(a Action, k Key) bool {
	if len(v.Scopes) == 0 {
		return true
	}
	if a == ActSee || a == ActRead {
		a = ActEnter
	}
	return slices.Contains(v.Scopes, Scope(a, k))
}
