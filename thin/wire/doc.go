// Package wire is the thin-client protocol of kpclientd: frames, CBOR shapes
// and the key sets that tell the daemon's version, in both directions.
//
// The table of dialects covers every release since v0.0.55. Messages of the
// storage protocol are recognised by their keys and passed through undecoded.
//
// A frame is a 4-byte big-endian length and one CBOR item, a map with one key
// per kind of message of which one is not null. Clients use DecodeResponse and
// Dialect.AppendRequest; a daemon look-alike uses DecodeRequest and
// Dialect.AppendResponse. What is encoded is byte for byte what the official
// client or daemon of the dialect's version writes: every key it knows, in its
// order, null where unused, definite lengths, shortest integers.
//
// Decoding is strict: identifiers are byte strings of their exact length, field
// names match exactly, duplicate keys, indefinite lengths and excessive nesting
// are errors. Every error for bytes from outside is a *DecodeError or one of
// the frame errors, and no input makes a function panic. Decoded values share
// no memory with the input.
//
// All functions are safe for concurrent use; values are plain data.
package wire
