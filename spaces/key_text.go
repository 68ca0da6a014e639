package spaces

// MarshalText writes the key as type:id:subspace, also in JSON; the zero Key is
// empty.
func (k Key) MarshalText() ([]byte, error) {
	if k == (Key{}) {
		return nil, nil
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads what MarshalText writes, by the rules of [ParseKeyText].
func (k *Key) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*k = Key{}
		return nil
	}
	*k, err = ParseKeyText(string(text))
	return err
}
