package wire

import "slices"

// Keys of the messages that this package decodes.
const (
	keySendMessage    = "send_message"
	keySendARQMessage = "send_arq_message"
	keyThinClose      = "thin_close"
	keySessionToken   = "session_token"
	keyGetPKIDocument = "get_pki_document"
	keyGetAuthorities = "get_directory_authorities"

	keyStatus           = "connection_status_event"
	keyDocument         = "new_pki_document_event"
	keySessionReply     = "session_token_reply"
	keySent             = "message_sent_event"
	keyReply            = "message_reply_event"
	keyCollected        = "message_id_garbage_collected"
	keyPKIReply         = "get_pki_document_reply"
	keyAuthoritiesReply = "get_directory_authorities_reply"
	keyShutdown         = "shutdown_event"
	keyShudown          = "shudown_event" // so misspelt up to v0.0.72
)

// dialects is the table of key sets and capabilities, oldest first: one row for
// each version that changed one of them. A row holds for all versions up to the
// next.
var dialects = []Dialect{
	oldDialect(55, responses55),
	oldDialect(71, responses55), // the same wire as v0.0.55
	oldDialect(72, responses72),
	newDialect(73, responses73, requests73),
	newDialect(75, responses75, requests75),
	newDialect(76, responses75, requests75),
	newDialect(77, responses75, requests75),
	newDialect(78, responses78, requests78),
	newDialect(80, responses80, requests80),
	newDialect(81, responses81, requests81),
	newDialect(89, responses99, requests99),
	newDialect(92, responses99, requests99),
	newDialect(99, responses99, requests99),
}

func oldDialect(patch int, responses []string) Dialect {
	return Dialect{
		Version: Version{0, 0, patch}, Exact: true,
		Responses: responses, Requests: requests55, DocumentKeys: oldDocument,
		ARQ: true, UnknownRequestKills: true, AlwaysDocument: patch >= 72,
	}
}

func newDialect(patch int, responses, requests []string) Dialect {
	d := Dialect{
		Version: Version{0, 0, patch}, Exact: true,
		Responses: responses, Requests: requests, DocumentKeys: document73,
		Session: true, AlwaysDocument: true, UnknownRequestKills: true,
		PKIQuery: patch >= 75, StatusGeometry: patch >= 76, Authorities: patch >= 81,
	}
	if patch >= 77 {
		d.UnknownRequestKills = false
		d.PreciseSURBs = true
		d.HeldGreeting = true
		d.FrameCap = MaxFrame
		d.DocumentKeys = document77
	}
	if patch >= 92 {
		d.DocumentKeys = newDocument
	}
	return d
}

var responses55 = []string{
	keyShudown, keyStatus, keyDocument, "new_document_event", keySent, keyReply, keyCollected,
	"create_write_channel_reply", "create_read_channel_reply", "write_channel_reply", "read_channel_reply",
	"resume_write_channel_reply", "resume_write_channel_query_reply",
	"resume_read_channel_reply", "resume_read_channel_query_reply",
	"channel_query_sent_event", "channel_query_reply_event",
}

var requests55 = []string{
	"create_write_channel", "create_read_channel", "write_channel", "read_channel",
	"resume_write_channel", "resume_write_channel_query", "resume_read_channel", "resume_read_channel_query",
	"close_channel", keyThinClose, "send_channel_query", keySendMessage, keySendARQMessage,
}

var responses99 = []string{
	keySessionReply, keyShutdown, keyStatus, keyDocument, keySent, keyReply, keyCollected,
	"new_keypair_reply", "encrypt_read_reply", "encrypt_write_reply",
	"start_resending_encrypted_message_reply", "cancel_resending_encrypted_message_reply",
	"start_resending_copy_command_reply", "cancel_resending_copy_command_reply",
	"next_message_box_index_reply", "get_message_box_index_counter_reply",
	keyPKIReply, keyAuthoritiesReply,
	"create_courier_envelopes_from_payload_reply", "create_courier_envelopes_from_multi_payload_reply",
	"create_courier_envelopes_from_tombstone_range_reply",
	"voucher_mint_reply", "voucher_induct_reply", "voucher_open_reply", "voucher_derive_stream_reply",
}

var requests99 = []string{
	keySessionToken, keyThinClose, keySendMessage, "new_keypair", "encrypt_read", "encrypt_write",
	"start_resending_encrypted_message", "cancel_resending_encrypted_message",
	"start_resending_copy_command", "cancel_resending_copy_command",
	"next_message_box_index", "get_message_box_index_counter", keyGetPKIDocument, keyGetAuthorities,
	"create_courier_envelopes_from_payload", "create_courier_envelopes_from_multi_payload",
	"create_courier_envelopes_from_tombstone_range",
	"voucher_mint", "voucher_induct", "voucher_open", "voucher_derive_stream",
}

// The lists between v0.0.72 and v0.0.99 differ from those by what came and went.
var (
	// v0.0.72 dropped an event that had never been sent.
	responses72 = drop(responses55, "new_document_event")

	responses81 = insert(responses99, "start_resending_encrypted_message_reply", "write_stream_reply", "read_stream_reply")
	responses80 = drop(responses81, keyAuthoritiesReply)
	responses78 = drop(responses80, "voucher_mint_reply", "voucher_induct_reply", "voucher_open_reply", "voucher_derive_stream_reply")
	responses75 = drop(responses78, "write_stream_reply", "read_stream_reply")
	responses73 = drop(responses75, keyPKIReply)

	requests81 = insert(requests99, "start_resending_encrypted_message", "write_stream", "read_stream")
	requests80 = drop(requests81, keyGetAuthorities)
	requests78 = drop(requests80, "voucher_mint", "voucher_induct", "voucher_open", "voucher_derive_stream")
	requests75 = drop(requests78, "write_stream", "read_stream")
	requests73 = drop(requests75, keyGetPKIDocument)
)

// insert returns a copy of list with keys behind the one given.
func insert(list []string, behind string, keys ...string) []string {
	return slices.Insert(slices.Clone(list), slices.Index(list, behind)+1, keys...)
}

// drop returns a copy of list without keys.
func drop(list []string, keys ...string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(k string) bool { return slices.Contains(keys, k) })
}

// Documents are sorted maps: shorter keys first.
var oldDocument = []string{
	"Mu", "Epoch", "LambdaD", "LambdaG", "LambdaL", "LambdaM", "LambdaP", "Version", "Topology", "MuMaxDelay",
	"GatewayNodes", "GenesisEpoch", "ServiceNodes",
	"LambdaDMaxDelay", "LambdaGMaxDelay", "LambdaLMaxDelay", "LambdaMMaxDelay", "LambdaPMaxDelay",
	"StorageReplicas", "PriorSharedRandom", "SendRatePerMinute", "SharedRandomValue", "PKISignatureScheme",
	"SharedRandomCommit", "SharedRandomReveal", "SphinxGeometryHash",
}

// From v0.0.73 to v0.0.76 with the parameters of the replicas.
var document73 = insert(insert(insert(append(slices.Clone(oldDocument),
	"ConfiguredReplicaIDs", "ConfiguredReplicaIdentityKeys"),
	"LambdaP", "LambdaR"), "LambdaPMaxDelay", "LambdaRMaxDelay"), "SphinxGeometryHash", "ReplicaEnvelopeKeys")

// From v0.0.77 to v0.0.91 without the delay caps, and as later ones but for one
// key.
var document77 = insert(newDocument, "SphinxGeometryHash", "ReplicaEnvelopeKeys")

// omitted are the keys of a document that the daemon leaves out when they have
// no value; the others are null then.
var omitted = map[string]bool{
	"ReplicaEnvelopeKeys": true, "ConfiguredReplicaIDs": true, "ConfiguredReplicaIdentityKeys": true,
}

var newDocument = []string{
	"Mu", "Epoch", "LambdaG", "LambdaL", "LambdaM", "LambdaP", "LambdaR", "Version", "Topology",
	"GatewayNodes", "GenesisEpoch", "ServiceNodes", "StorageReplicas", "PriorSharedRandom", "SharedRandomValue",
	"PKISignatureScheme", "SharedRandomCommit", "SharedRandomReveal", "SphinxGeometryHash",
	"ConfiguredReplicaIDs", "ConfiguredReplicaIdentityKeys",
}

var (
	knownRequests  = union(requests55, requests81)
	knownResponses = union(responses55, responses81)
)

func union(lists ...[]string) map[string]bool {
	m := make(map[string]bool)
	for _, l := range lists {
		for _, k := range l {
			m[k] = true
		}
	}
	return m
}
