package wire

// Keys of the messages that this package decodes.
const (
	keySendMessage    = "send_message"
	keySendARQMessage = "send_arq_message"
	keyThinClose      = "thin_close"
	keySessionToken   = "session_token"
	keyGetPKIDocument = "get_pki_document"

	keyStatus       = "connection_status_event"
	keyDocument     = "new_pki_document_event"
	keySessionReply = "session_token_reply"
	keySent         = "message_sent_event"
	keyReply        = "message_reply_event"
	keyCollected    = "message_id_garbage_collected"
	keyPKIReply     = "get_pki_document_reply"
	keyShutdown     = "shutdown_event"
	keyShudown      = "shudown_event" // so misspelt up to v0.0.72
)

// dialects is the table of known key sets, oldest first. The order of the keys
// is that of recorded frames.
var dialects = []Dialect{
	oldDialect(55),
	oldDialect(71),
	{
		Version: Version{0, 0, 99}, Exact: true,
		Responses: responses99, Requests: requests99, DocumentKeys: newDocument,
		Session: true, PKIQuery: true, StatusGeometry: true, PreciseSURBs: true, FrameCap: MaxFrame,
	},
}

func oldDialect(patch int) Dialect {
	return Dialect{
		Version: Version{0, 0, patch}, Exact: true,
		Responses: responses55, Requests: requests55, DocumentKeys: oldDocument,
		ARQ: true, UnknownRequestKills: true,
	}
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
	keyPKIReply, "get_directory_authorities_reply",
	"create_courier_envelopes_from_payload_reply", "create_courier_envelopes_from_multi_payload_reply",
	"create_courier_envelopes_from_tombstone_range_reply",
	"voucher_mint_reply", "voucher_induct_reply", "voucher_open_reply", "voucher_derive_stream_reply",
}

var requests99 = []string{
	keySessionToken, keyThinClose, keySendMessage, "new_keypair", "encrypt_read", "encrypt_write",
	"start_resending_encrypted_message", "cancel_resending_encrypted_message",
	"start_resending_copy_command", "cancel_resending_copy_command",
	"next_message_box_index", "get_message_box_index_counter", keyGetPKIDocument, "get_directory_authorities",
	"create_courier_envelopes_from_payload", "create_courier_envelopes_from_multi_payload",
	"create_courier_envelopes_from_tombstone_range",
	"voucher_mint", "voucher_induct", "voucher_open", "voucher_derive_stream",
}

// Documents are sorted maps: shorter keys first.
var oldDocument = []string{
	"Mu", "Epoch", "LambdaD", "LambdaG", "LambdaL", "LambdaM", "LambdaP", "Version", "Topology", "MuMaxDelay",
	"GatewayNodes", "GenesisEpoch", "ServiceNodes",
	"LambdaDMaxDelay", "LambdaGMaxDelay", "LambdaLMaxDelay", "LambdaMMaxDelay", "LambdaPMaxDelay",
	"StorageReplicas", "PriorSharedRandom", "SendRatePerMinute", "SharedRandomValue", "PKISignatureScheme",
	"SharedRandomCommit", "SharedRandomReveal", "SphinxGeometryHash",
}

var newDocument = []string{
	"Mu", "Epoch", "LambdaG", "LambdaL", "LambdaM", "LambdaP", "LambdaR", "Version", "Topology",
	"GatewayNodes", "GenesisEpoch", "ServiceNodes", "StorageReplicas", "PriorSharedRandom", "SharedRandomValue",
	"PKISignatureScheme", "SharedRandomCommit", "SharedRandomReveal", "SphinxGeometryHash",
	"ConfiguredReplicaIDs", "ConfiguredReplicaIdentityKeys",
}

var (
	knownRequests  = union(requests55, requests99)
	knownResponses = union(responses55, responses99, []string{"write_stream_reply"})
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
