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

    /// Answers when all are durable; those that came before are known by their id.
    func deliver(_ call: DeliverEvents, _ context: CallContext) async throws -> Done {
        guard context.principal.isSystem else {
            throw Problem.forbidden("Only Records delivers events.")
        }
        try await database.write { [definitions, store] connection in
            for event in call.events {
                // Of a model that has not come yet nobody knows whether a rule waits.
                let mayFire =
                    !definitions.knows(event.record.model)
                    || RuleEngine.moment(event.type).map {
                        !definitions.rules(for: event.record, $0).isEmpty
                    } ?? false
                let isAwaited = mayFire && !event.cause.isWithoutRules
                _ = try store.receive(event, isAwaited: isAwaited, connection)
            }
        }
        wakes.reactions()
        return Done()
    }
}
