package spaces

// maxSlug keeps a subject with its prefix far below NATS's practical limits
// and a tile's label on one line of a log.
const maxSlug = 64

// Slug names a city room in subjects, URLs and aliases (#city_<slug>:server).
// It is one NATS token and one URL path segment without escaping.
type Slug string

// ParseSlug checks the rule [a-z0-9_-]{1,64}, starting with a letter or a
// digit. Anything else would be several NATS tokens (a dot), an invalid KV key
// (a space, other scripts) or two spellings of one room (upper case).
func ParseSlug(s string) (Slug, error) {
	if s == "" {
		return "", Invalid("slug", "must not be empty")
	}
	if len(s) > maxSlug {
		return "", Invalid("slug", "must be at most %d characters, got %d", maxSlug, len(s))
	}
	for i, r := range s {
		letterOrDigit := r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		if !letterOrDigit && (i == 0 || r != '-' && r != '_') {
			return "", Invalid("slug", "%q: only a-z, 0-9, - and _ are allowed, starting with a letter or digit; %q is not", s, r)
		}
	}
	return Slug(s), nil
}
