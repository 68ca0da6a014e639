package spaces

import (
	"strconv"
	"strings"
)

// Type is what kind of thing a space belongs to.
type Type string

// The closed set of space types.
const (
	TypePost     Type = "post"     // a DLUX post; ID is "author/permlink"
	TypeDocument Type = "document" // a document; ID is its number or "owner/permlink"
	TypeGlobal   Type = "global"   // everybody's; ID is "lobby"
	TypeCity     Type = "city"     // a linked Matrix room; ID is its slug
)

// Lobby is the ID of the one global space.
const Lobby = "lobby"

// MainSubspace is the subspace of a key that names none.
const MainSubspace = "main"

// Key names one space, the same in every API, table and subject. The zero Key
// is no space. Keys are comparable; only ParseKey and ParseKeyText make valid ones.
type Key struct {
	Type     Type
	ID       string
	Subspace string
}

// String returns type:id:subspace, which no two keys share: none of the parts
// may hold a colon.
func (k Key) String() string { return string(k.Type) + ":" + k.ID + ":" + k.Subspace }

// Parent is the key of the content, whichever subspace k names. Settings, roles
// and bans belong to it.
func (k Key) Parent() Key { return Key{k.Type, k.ID, MainSubspace} }

// ParseKey checks the three parts of a key. An empty subspace is "main". The
// error is an [Error] whose field is space_type, space_id or subspace.
func ParseKey(spaceType, id, subspace string) (Key, error) {
	k := Key{Type: Type(spaceType), ID: id, Subspace: subspace}
	if k.Subspace == "" {
		k.Subspace = MainSubspace
	}
	if !nameRule(k.Subspace, 64) {
		return Key{}, Invalid("subspace", "must be 1 to 64 characters of a-z, A-Z, 0-9, . _ and -")
	}
	switch k.Type {
	case TypePost:
		if !ownedName(id) {
			return Key{}, Invalid("space_id", "the id of a post is author/permlink, for example alice/my-first-room")
		}
	case TypeDocument:
		if !ownedName(id) && !number(id) {
			return Key{}, Invalid("space_id", "the id of a document is its number or owner/permlink")
		}
	case TypeGlobal:
		if id != Lobby {
			return Key{}, Invalid("space_id", "the only global space is lobby")
		}
	case TypeCity:
		if _, err := ParseSlug(id); err != nil {
			return Key{}, Invalid("space_id", "the id of a city space is the slug of a linked room")
		}
	default:
		return Key{}, Invalid("space_type", "must be post, document, global or city")
	}
	return k, nil
}

// ParseKeyText reads "type:id:subspace" or "type:id".
func ParseKeyText(text string) (Key, error) {
	parts := strings.Split(text, ":")
	switch len(parts) {
	case 2:
		return ParseKey(parts[0], parts[1], "")
	case 3:
		return ParseKey(parts[0], parts[1], parts[2])
	}
	return Key{}, Invalid("space", "must be type:id or type:id:subspace, for example global:lobby")
}

// Owner and Permlink split the id of a post or of a document that is named
// rather than numbered; both are empty otherwise.
func (k Key) Owner() (owner, permlink string) {
	if k.Type != TypePost && k.Type != TypeDocument {
		return "", ""
	}
	owner, permlink, found := strings.Cut(k.ID, "/")
	if !found {
		return "", ""
	}
	return owner, permlink
}

// ownedName checks "account/permlink" as Hive spells them.
func ownedName(s string) bool {
	owner, permlink, found := strings.Cut(s, "/")
	return found && ValidHiveAccount(owner) && nameRule(permlink, 255)
}

// ValidHiveAccount reports whether s may be a Hive account: 3 to 16 characters,
// parts separated by dots, each beginning with a letter and at least 3 long.
func ValidHiveAccount(s string) bool {
	if len(s) < 3 || len(s) > 16 {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if len(part) < 3 || part[0] < 'a' || part[0] > 'z' || part[len(part)-1] == '-' {
			return false
		}
		for i := range len(part) {
			c := part[i]
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}

func number(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}

func nameRule(s string, most int) bool {
	if s == "" || len(s) > most || s == "." || s == ".." {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
