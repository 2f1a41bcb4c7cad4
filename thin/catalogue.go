package thin

import "time"

// ServicesIn lists all services of a document by capability, each list in the
// document's order. Descriptions that cannot be sent to are left out. It is
// empty for nil.
func ServicesIn(doc *Document) map[string][]Service {
	if doc == nil {
		return map[string][]Service{}
	}
	return newDirectory(doc).services
}

// Epoch is the length of the network's epochs that the client was configured
// with, in the daemon's time.
func (c *Client) Epoch() time.Duration { return c.config.Epoch }
