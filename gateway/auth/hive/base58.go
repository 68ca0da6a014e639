package hive

import (
	"math/big"
	"strings"
)

const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

var base58 = big.NewInt(58)

// encodeBase58 writes bytes as Bitcoin does: a big number, and a "1" for every
// leading zero byte.
func encodeBase58(data []byte) string {
	var reversed []byte
	for n, digit := new(big.Int).SetBytes(data), new(big.Int); n.Sign() > 0; {
		n.DivMod(n, base58, digit)
		reversed = append(reversed, base58Digits[digit.Int64()])
	}
	for _, b := range data {
		if b != 0 {
			break
		}
		reversed = append(reversed, base58Digits[0])
	}
	text := make([]byte, len(reversed))
	for i, c := range reversed {
		text[len(text)-1-i] = c
	}
	return string(text)
}

// decodeBase58 reads what encodeBase58 wrote. Callers bound the length: the
// work grows with its square.
func decodeBase58(text string) (data []byte, ok bool) {
	n := new(big.Int)
	for i := range len(text) {
		digit := strings.IndexByte(base58Digits, text[i])
		if digit < 0 {
			return nil, false
		}
		n.Mul(n, base58).Add(n, big.NewInt(int64(digit)))
	}
	zeros := len(text) - len(strings.TrimLeft(text, base58Digits[:1]))
	return append(make([]byte, zeros), n.Bytes()...), true
}
