// Package actors is the living part of Homing: one actor per outstanding
// message, one dispatcher actor that wraps the link's event channel, and the
// clock, worker pool and promises between them, on protoactor-go.
//
// # Who owns what
//
//   - The dispatcher actor is the only owner of the [Link] and of the [Desk].
//     It carries messages to and from the Desk and decides nothing itself.
//   - A message actor owns one [arq.Machine] and completes one [Promise]. It
//     knows neither the link nor any other message.
//   - The [Ledger] is the index of running and recently finished messages; it
//     is the one structure that application goroutines and actors share.
//   - The [Engine] starts and ends all of it.
//
// # Messages go one way
//
// A message actor asks the dispatcher for an attempt and is later told what
// became of it; nobody waits for an answer inside an actor. Every event a
// message actor receives carries its generation, so that an event for an
// earlier life of the actor is dropped.
//
// # Live and virtual
//
// The same actors run live, on [Pool] and [LiveClock], and in virtual time, on
// a run queue and a clock that a simulator turns by hand: whatever differs is
// behind [Clock], [Link] and protoactor's Dispatcher interface.
//
// # Limits
//
// First attempts waiting for the link: [Config].Waiting, then [ErrBusy].
// Attempts written and unsettled: [Config].Window. Link events posted and not
// yet handled: 1024, then [Engine.Deliver] waits. Tickets of finished
// messages: [Config].Observers, the oldest dropped first.
package actors
