import Contracts
import Database
import HTTP
import RPC

/// The door for Records' events.
struct InboxCalls: Sendable {
    let database: Database
    let definitions: DefinitionStore
    let store: ReactionStore
    let wakes: Wakes

    /// Answers when all that a rule may want are durable; those that came before are known by their
    /// id. Nothing is kept of the others.
    func deliver(_ call: DeliverEvents, _ context: CallContext) async throws -> Done {
        guard context.principal.isSystem else {
            throw Problem.forbidden("Only Records delivers events.")
        }
        try await definitions.catchUp(database)
        let awaited = call.events.filter(isAwaited)
        guard !awaited.isEmpty else { return Done() }
        try await database.write { [store] connection in
            for event in awaited { try store.receive(event, connection) }
        }
        wakes.reactions()
        return Done()
    }

    private func isAwaited(_ event: RecordEvent) -> Bool {
        guard !event.cause.isWithoutRules else { return false }
        // Of a model that has not come yet nobody knows whether a rule waits.
        guard definitions.knows(event.record.model) else { return true }
        return RuleEngine.moment(event.type).map {
            !definitions.rules(for: event.record, $0).isEmpty
        } ?? false
    }
}
