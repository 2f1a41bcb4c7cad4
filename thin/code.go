package thin

import "fmt"

// ErrorCode is the error_code of a reply: 0 is success. Codes 0 to 21 are common
// to all versions, 22 to 32 known since v0.0.73. For plain messages only 0
// occurs.
type ErrorCode uint8

// The codes that replies to messages can carry.
const (
	CodeSuccess    ErrorCode = 0
	CodeMaxRetries ErrorCode = 5 // the daemon's ARQ gave up (up to v0.0.72)
)

var codeTexts = [...]string{
	0:  "success",
	1:  "connection lost",
	2:  "timeout",
	3:  "invalid request",
	4:  "internal error",
	5:  "retries exhausted",
	6:  "invalid channel",
	7:  "channel not found",
	8:  "permission denied",
	9:  "invalid payload",
	10: "service unavailable",
	11: "duplicate capability",
	12: "courier cache corrupted",
	13: "propagation error",
	14: "invalid write capability",
	15: "invalid read capability",
	16: "invalid resume of a write",
	17: "invalid resume of a read",
	18: "impossible hash",
	19: "impossible new write capability",
	20: "impossible new stateful writer",
	21: "capability in use",
	22: "MKEM decryption failed",
	23: "BACAP decryption failed",
	24: "resending cancelled",
	25: "invalid tombstone signature",
	26: "copy command failed",
	27: "payload too large",
	28: "invalid voucher hash",
	29: "invalid voucher signature",
	30: "invalid voucher seal",
	31: "courier: invalid envelope",
	32: "courier: invalid epoch",
}

// String returns a short text, also for codes that are not known.
func (c ErrorCode) String() string {
	if int(c) < len(codeTexts) {
		return codeTexts[c]
	}
	return fmt.Sprintf("unknown code %d", uint8(c))
}

// Err returns nil for 0 and a *ReplyError else.
func (c ErrorCode) Err() error {
	if c == CodeSuccess {
		return nil
	}
	return &ReplyError{c}
}

// A ReplyError is an error code that came instead of an answer.
type ReplyError struct{ Code ErrorCode }

func (e *ReplyError) Error() string {
	return fmt.Sprintf("thin: the daemon answered with error %d: %v", uint8(e.Code), e.Code)
}
