package spaces_test

import (
	"testing"

	"presence/spaces"
)

func TestCanSee(t *testing.T) {
	t.Parallel()
	public := spaces.Link{Slug: "a", Public: true, MicroDAO: "dao"}
	private := spaces.Link{Slug: "b", MicroDAO: "dao"}
	ownerless := spaces.Link{Slug: "c"}
	for name, c := range map[string]struct {
		viewer                     spaces.Viewer
		public, private, ownerless bool
	}{
		"nobody":              {spaces.Viewer{}, true, false, false},
		"guest":               {spaces.Viewer{Subject: "guest:1", Guest: true}, true, false, false},
		"member":              {spaces.Viewer{Subject: "u", MicroDAOs: []string{"x", "dao"}}, true, true, false},
		"stranger":            {spaces.Viewer{Subject: "u", MicroDAOs: []string{"DAO", "da", "dao "}}, true, false, false},
		"empty membership":    {spaces.Viewer{Subject: "u", MicroDAOs: []string{""}}, true, false, false},
		"admin":               {spaces.Viewer{Subject: "u", Roles: []string{"x", spaces.RoleAdmin}}, true, true, true},
		"narrowed elsewhere":  {spaces.Viewer{Subject: "u", MicroDAOs: []string{"dao"}, Roles: []string{spaces.RoleAdmin}, Scopes: []string{"enter:city:bb:main", "enter:post:b/x:main"}}, true, false, false},
		"narrowed to private": {spaces.Viewer{Subject: "u", MicroDAOs: []string{"dao"}, Scopes: []string{"enter:city:b:garden"}}, true, true, false},
		"narrowed, stranger":  {spaces.Viewer{Subject: "u", Scopes: []string{"enter:city:b:main"}}, true, false, false},
		"other role":          {spaces.Viewer{Subject: "u", Roles: []string{"administrator", "Admin"}}, true, false, false},
	} {
		got := [3]bool{c.viewer.CanSee(public), c.viewer.CanSee(private), c.viewer.CanSee(ownerless)}
		if want := [3]bool{c.public, c.private, c.ownerless}; got != want {
			t.Errorf("%s sees public, private, ownerless: %v, want %v", name, got, want)
		}
	}
}
