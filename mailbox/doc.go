// Package mailbox is where messages wait: the mailboxes of the actors ([Lean]) and the send lanes of the
// dispatcher ([Lanes]).
//
// A [Lean] mailbox belongs to one actor. It takes messages from any goroutine, runs them one at a time on
// whatever [actor.Dispatcher] the actor was given, control messages before data, and holds next to nothing
// while it is empty.
//
// [Lanes] decide which packet leaves next. They are a plain value of one owner: no goroutine, no lock, no
// clock, no chance; the same calls give the same order on every machine.
//
// What protoactor's actor contexts do around a mailbox, and what a mailbox therefore cannot promise:
//
//   - Stop is a control message: it overtakes what is queued, and what it overtook is lost without a word.
//     Poison is data and waits its turn.
//   - A message to an actor that is gone becomes a dead letter. Unless its type implements
//     [actor.IgnoreDeadLetterLogging], each burst of dead letters starts a goroutine that lives one second.
//   - After a panic the mailbox is suspended until the supervisor resumes, restarts or stops the actor. What waited
//     behind the panic of an actor that is then stopped never runs, and is freed with the last reference to its PID.
package mailbox
