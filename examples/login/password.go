package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of one hash with argon2id: about 20 ms and 19 MiB.
const (
	hashMemory  = 19 << 10 // KiB
	hashPasses  = 2
	hashThreads = 1
	hashLength  = 32 // bytes
	saltLength  = 16 // bytes
)

// hashesAtOnce bounds the memory that logins can take together.
const hashesAtOnce = 4

// A Hasher makes and checks hashes of passwords. It may be used concurrently.
type Hasher struct {
	slots chan struct{} // one for each hash that is being made
	decoy string        // checked in place of the hash of a user who does not exist
}

// NewHasher returns a Hasher. Its decoy is the hash of a password that nobody
// knows.
func NewHasher() *Hasher {
	return &Hasher{slots: make(chan struct{}, hashesAtOnce), decoy: hashPassword(rand.Text())}
}

// hashPassword returns the hash of a password with a new salt, in the form
// $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH, which also says what it cost.
func hashPassword(password string) string {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	sum := argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashThreads, hashLength)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, hashMemory, hashPasses, hashThreads, encode(salt), encode(sum))
}

// Matches reports whether a hash is that of the password. It waits while as
// many hashes as the memory allows are being made; the error is the context's,
// or says that the hash is damaged.
func (h *Hasher) Matches(ctx context.Context, hash, password string) (bool, error) {
	want, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-h.slots }()
	sum := argon2.IDKey([]byte(password), want.salt, want.passes, want.memory, want.threads, uint32(len(want.sum)))
	return subtle.ConstantTimeCompare(sum, want.sum) == 1, nil
}

// A parsedHash is what a hash says of itself.
type parsedHash struct {
	memory, passes uint32
	threads        uint8
	salt, sum      []byte
}

// errHash never shows the hash.
var errHash = errors.New("damaged hash of a password; write one that hashPassword made")

// parseHash takes a hash apart, so that hashes made at another cost stay right.
func parseHash(hash string) (parsedHash, error) {
	var p parsedHash
	fields := strings.Split(hash, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errHash
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.threads); err != nil {
		return p, errHash
	}
	var salt, sum error
	p.salt, salt = base64.RawStdEncoding.DecodeString(fields[4])
	p.sum, sum = base64.RawStdEncoding.DecodeString(fields[5])
	if salt != nil || sum != nil || len(p.sum) < 16 || p.passes == 0 || p.threads == 0 {
		return p, errHash
	}
	return p, nil
}
