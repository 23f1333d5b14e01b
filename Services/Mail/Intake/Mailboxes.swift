import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// The calls about mailboxes and their ledgers.
struct Mailboxes: Sendable {
    let database: Database
    let store: IntakeStore
    let definitions: Definitions
    let scheduler: MailboxScheduler
    let processor: IntakeProcessor
    let configuration: MailConfiguration

    func get(_ call: GetMailbox, _ context: CallContext) async throws -> JSONBytes {
        try require("mail:read", context)
        return try await answer(definitions.mailbox(call.mailbox, for: context.principal))
    }

    /// All of them, for a list.
    func all(_ context: CallContext) async throws -> JSONBytes {
        try require("mail:read", context)
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for mailbox in definitions.mailboxes(for: context.principal) {
            writer.raw(try await answer(mailbox))
        }
        writer.endArray()
        writer.endObject()
        return JSONBytes(writer.bytes)
    }

    private func answer(_ mailbox: MailboxDefinition) async throws -> JSONBytes {
        let isReading = await scheduler.reader(mailbox.code)?.isReading ?? false
        let isOff = !configuration.integrations
        return JSONBytes(
            try await database.read { connection in
                try IntakeQueries().mailbox(
                    connection, mailbox, isReading: isReading, isOff: isOff)
            })
    }

    /// Reads now. That the source cannot be read is part of the answer.
    func read(_ call: ReadMailbox, _ context: CallContext) async throws -> JSONBytes {
        try require("mail:read", context)
        let mailbox = try definitions.mailbox(call.mailbox, for: context.principal)
        guard configuration.integrations else { throw MailError.integrationsOff }
        if let reader = await scheduler.reader(mailbox.code) {
            do {
                try await reader.read()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // The reader has written it down.
            }
        }
        return try await answer(mailbox)
    }

    func list(_ call: ListIntake, _ context: CallContext) async throws -> JSONBytes {
        try require("mail:read", context)
        let mailbox = try definitions.mailbox(call.mailbox, for: context.principal)
        return JSONBytes(
            try await database.read { try IntakeQueries().list($0, mailbox.code, call) })
    }

    func replay(_ call: ReplayIntake, _ context: CallContext) async throws -> JSONBytes {
        try require("mail:read", context)
        let mailbox = try definitions.mailbox(call.mailbox, for: context.principal)
        let (entry, raw) = try await find(mailbox.code, call.number)
        switch entry.state {
        case .done:
            throw MailError.cannot(
                "Entry \(entry.number) has its record \(entry.record ?? ""); nothing is left to do."
            )
        case .skipped where entry.duplicateOf != nil:
            throw MailError.cannot(
                "Entry \(entry.number) is the same mail as an earlier one; replay that one.")
        case .skipped, .quarantined, .staged: break
        }
        guard let raw else {
            throw MailError.cannot("The bytes of entry \(entry.number) were never fetched.")
        }
        let account = context.principal.account
        try await database.write { [store] in
            try store.incidents?.mark(.intake(entry.id), .retry, by: account, $0)
        }
        try await processor.replay(entry, raw)
        return JSONBytes(
            try await database.read { connection in
                try IntakeQueries().entry(connection, mailbox.code, number: call.number)
            })
    }

    func raw(_ call: GetIntakeRaw, _ context: CallContext) async throws -> [UInt8] {
        try require("mail:read", context)
        let mailbox = try definitions.mailbox(call.mailbox, for: context.principal)
        let (entry, raw) = try await find(mailbox.code, call.number)
        guard let raw else { throw MailError.noSuchEntry(entry.number) }
        return raw
    }

    private func find(_ mailbox: FullCode, _ number: Int64) async throws -> (
        IntakeEntry, [UInt8]?
    ) {
        let found = try await database.read { [store] connection in
            try store.entry(connection, mailbox, number: number).map {
                ($0, try store.raw(connection, $0))
            }
        }
        guard let found else { throw MailError.noSuchEntry(number) }
        return found
    }
}
