package auth

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// keyInfo separates our signing key from every other use of the secret; the
// number grows when the derivation changes, which ends all tokens at once.
const keyInfo = "presence token signing key 1"

// deriveKey makes our Ed25519 key from the shared secret, so that all gateways
// of a city sign alike and there is no second secret to keep. HKDF is one-way:
// the published half says nothing about the secret that HS256 tokens use.
func deriveKey(secret []byte) (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, secret, nil, keyInfo, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive the signing key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// JWKS is a JSON Web Key Set (RFC 7517): the public keys our tokens are
// checked with.
type JWKS struct {
	Keys []JWK `json:"keys" nullable:"false"`
}

// JWK is one Ed25519 public key (RFC 8037).
type JWK struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x" doc:"The public key, base64url"`
	ID        string `json:"kid" doc:"RFC 7638 thumbprint, as in the header of our tokens"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// JWKS returns our public key for whoever checks our tokens elsewhere.
func (a *Auth) JWKS() JWKS {
	return JWKS{Keys: []JWK{{
		Type: "OKP", Curve: "Ed25519", X: publicX(a.key), ID: a.keyID, Use: "sig", Algorithm: "EdDSA",
	}}}
}

// thumbprint is the RFC 7638 key id: the hash of the required members in
// alphabetical order without white space.
func thumbprint(key ed25519.PrivateKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + publicX(key) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func publicX(key ed25519.PrivateKey) string {
	return base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
}
