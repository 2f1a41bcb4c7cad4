package thin

import "fmt"

// ErrorCode is the error_code of a reply: 0 is success. Codes 0 to 21 are common
// to all versions, 22 to 32 known since v0.0.73. For plain messages only 0
// occurs. A code is an error for errors.Is, matched by the *ReplyError that
// carries it.
type ErrorCode uint8

// The codes of the daemon. Those of replicas, in replies of the storage
// protocol, are another space and not of this type.
const (
	CodeSuccess                   ErrorCode = 0 // no error
	CodeConnectionLost            ErrorCode = 1
	CodeTimeout                   ErrorCode = 2
	CodeInvalidRequest            ErrorCode = 3
	CodeInternal                  ErrorCode = 4
	CodeMaxRetries                ErrorCode = 5 // the daemon's ARQ gave up (up to v0.0.72)
	CodeInvalidChannel            ErrorCode = 6
	CodeChannelNotFound           ErrorCode = 7
	CodePermissionDenied          ErrorCode = 8
	CodeInvalidPayload            ErrorCode = 9
	CodeServiceUnavailable        ErrorCode = 10
	CodeDuplicateCapability       ErrorCode = 11
	CodeCourierCacheCorrupted     ErrorCode = 12
	CodePropagation               ErrorCode = 13
	CodeInvalidWriteCapability    ErrorCode = 14
	CodeInvalidReadCapability     ErrorCode = 15
	CodeInvalidResumeWrite        ErrorCode = 16
	CodeInvalidResumeRead         ErrorCode = 17
	CodeImpossibleHash            ErrorCode = 18
	CodeImpossibleWriteCapability ErrorCode = 19
	CodeImpossibleStatefulWriter  ErrorCode = 20
	CodeCapabilityInUse           ErrorCode = 21
	CodeMKEMDecryption            ErrorCode = 22 // v0.0.73 and newer, as all that follow
	CodeBACAPDecryption           ErrorCode = 23
	CodeResendingCancelled        ErrorCode = 24
	CodeInvalidTombstoneSignature ErrorCode = 25
	CodeCopyCommandFailed         ErrorCode = 26
	CodePayloadTooLarge           ErrorCode = 27
	CodeInvalidVoucherHash        ErrorCode = 28
	CodeInvalidVoucherSignature   ErrorCode = 29
	CodeInvalidVoucherSeal        ErrorCode = 30
	CodeCourierInvalidEnvelope    ErrorCode = 31
	CodeCourierInvalidEpoch       ErrorCode = 32
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

// Error returns the text with the package's name.
func (c ErrorCode) Error() string { return "thin: " + c.String() }

// Err returns nil for 0 and a *ReplyError else.
func (c ErrorCode) Err() error {
	if c == CodeSuccess {
		return nil
	}
	return &ReplyError{c}
}

// A ReplyError is an error code that came instead of an answer. It matches its
// code: errors.Is(err, CodeMaxRetries).
type ReplyError struct{ Code ErrorCode }

func (e *ReplyError) Error() string {
	return fmt.Sprintf("thin: the daemon answered with error %d: %v", uint8(e.Code), e.Code.String())
}

// Unwrap returns the code.
func (e *ReplyError) Unwrap() error { return e.Code }
