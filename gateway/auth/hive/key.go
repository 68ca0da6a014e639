package hive

import (
	"strings"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"golang.org/x/crypto/ripemd160" //nolint:gosec,staticcheck // the checksum of Hive's keys; nothing rests on its strength

	"presence/spaces"
)

// Key is a public key as Hive spells it: "STM" and, in base58, the compressed
// point with the first four bytes of its RIPEMD-160. Two Keys that [ParseKey]
// or [Recover] made are equal exactly when they are the same key.
type Key string

const (
	keyPrefix      = "STM"
	checksumLength = 4
	maxKey         = 64 // one of 53 characters is usual
)

// ParseKey checks the spelling of a public key: prefix, base58, checksum, and
// that it is a point of the curve. The error is a [spaces.Error] with the
// field "pubkey".
func ParseKey(text string) (Key, error) {
	digits, found := strings.CutPrefix(text, keyPrefix)
	if !found || len(text) > maxKey {
		return "", spaces.Invalid("pubkey", "must be a Hive public key: STM and about 50 characters of base58")
	}
	data, ok := decodeBase58(digits)
	if !ok || len(data) != secp256k1.PubKeyBytesLenCompressed+checksumLength {
		return "", spaces.Invalid("pubkey", "must be STM and 37 bytes in base58")
	}
	point, err := secp256k1.ParsePubKey(data[:secp256k1.PubKeyBytesLenCompressed])
	if err != nil {
		return "", spaces.Invalid("pubkey", "is no point of the curve secp256k1")
	}
	if key := keyOf(point); string(key) == text {
		return key, nil
	}
	return "", spaces.Invalid("pubkey", "has a wrong checksum: it was mistyped or cut off")
}

func keyOf(point *secp256k1.PublicKey) Key {
	compressed := point.SerializeCompressed()
	return Key(keyPrefix + encodeBase58(append(compressed, checksum(compressed)...)))
}

func checksum(compressed []byte) []byte {
	h := ripemd160.New() //nolint:gosec // see the import
	_, _ = h.Write(compressed)
	return h.Sum(nil)[:checksumLength]
}
