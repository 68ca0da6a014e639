package hive

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"presence/spaces"
)

// The layout of a signature: one byte that says how to recover the key, then r
// and s.
const (
	signatureLength = 65
	firstHeader     = 31 // and three more; lower ones are for keys that are not compressed, which Hive has none of
	lastHeader      = 34
	sOffset         = 33
)

// Recover returns the key that signed text: ECDSA on secp256k1 over the SHA-256
// of its UTF-8 bytes, as 130 hex digits. Every text and every signature of the
// right form give some key, so the result proves nothing until the key is known
// to be the account's. The error is a [spaces.Error] with the field
// "signature".
func Recover(text, signature string) (Key, error) {
	raw, err := hex.DecodeString(signature)
	if err != nil || len(raw) != signatureLength {
		return "", spaces.Invalid("signature", "must be %d hex digits", 2*signatureLength)
	}
	if raw[0] < firstHeader || raw[0] > lastHeader {
		return "", spaces.Invalid("signature", "must begin with 1f, 20, 21 or 22, as for a compressed key")
	}
	// Whoever sees a signature can make its twin with the other s. Hive takes only
	// the low one, and so do we.
	var s secp256k1.ModNScalar
	if s.SetByteSlice(raw[sOffset:]) || s.IsOverHalfOrder() {
		return "", spaces.Invalid("signature", "must have the lower of the two possible values of s")
	}
	digest := sha256.Sum256([]byte(text))
	point, _, err := ecdsa.RecoverCompact(raw, digest[:])
	if err != nil {
		return "", spaces.Invalid("signature", "is not a signature of any key")
	}
	return keyOf(point), nil
}
