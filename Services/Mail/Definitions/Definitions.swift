import Contracts
import Database
import HTTP
import JSON
import RPC
import Synchronization

/// The definitions in force: kept in the database, held in memory.
final class Definitions: Sendable {
    private let database: Database
    private let models = Mutex<[String: Held]>([:])

    private struct Held {
        var version: Int64
        var model: MailModel
    }

    /// Reads what was taken before.
    init(database: Database) async throws {
        self.database = database
        try await read()
    }

    /// What another copy of the service has told of.
    static let topic = "definitions"

    /// Reads what is newer than what is held.
    func read() async throws {
        let kept = try await database.read { connection in
            try connection.query("select code, version, document from model") {
                ($0.text(0), $0.integer(1), $0.text(2))
            }
        }
        for (code, version, text) in kept {
            let document = try JSONValue(parsing: Array(text.utf8))
            // It was checked when it was taken.
            let model = MailModel(code: code, document: document, problems: .init())
            hold(code, Held(version: version, model: model))
        }
    }

    private func hold(_ code: String, _ held: Held) {
        models.withLock { models in
            if held.version > models[code]?.version ?? -1 { models[code] = held }
        }
    }

    var mailboxes: [MailboxDefinition] {
        models.withLock { $0.values.flatMap(\.model.mailboxes) }
    }

    func notification(_ code: FullCode) -> NotificationDefinition? {
        models.withLock { $0[code.model]?.model.notifications[code.code] }
    }

    func knows(_ model: String) -> Bool { models.withLock { $0[model] != nil } }

    func group(_ code: FullCode) -> DistributionGroup? {
        models.withLock { $0[code.model]?.model.groups[code.code] }
    }

    /// Those that a principal may see, by code.
    func mailboxes(for principal: Principal) -> [MailboxDefinition] {
        mailboxes.filter { principal.narrowing?.contains($0.code.model) ?? true }
            .sorted { "\($0.code)" < "\($1.code)" }
    }

    /// A mailbox by `model.mailbox`, or by a bare code where it is unique; for a token that is
    /// narrowed to models, of those.
    func mailbox(_ name: String, for principal: Principal) throws(MailError) -> MailboxDefinition {
        let found = mailboxes(for: principal).filter {
            "\($0.code)" == name || $0.code.code == name
        }
        guard let mailbox = found.first else { throw .noSuchMailbox(name) }
        guard found.count == 1 else { throw .ambiguousMailbox(name) }
        return mailbox
    }

    /// All faults of Mail's part.
    static func check(_ call: CheckModel) throws -> ModelCheck {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: call.document.bytes)
        } catch {
            throw Problem.malformedJSON(error)
        }
        let problems = ObjectReader.Problems()
        _ = MailModel(code: call.code, document: document, problems: problems)
        return ModelCheck(problems: problems.items)
    }

    /// Takes a document; false where it has this one or a newer one.
    func take(_ call: TakeModel) async throws -> Bool {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: call.document.bytes)
        } catch {
            throw Problem.malformedJSON(error)
        }
        let problems = ObjectReader.Problems()
        let model = MailModel(code: call.code, document: document, problems: problems)
        guard problems.items.isEmpty else { throw MailError.invalid(problems.items) }
        let text = String(decoding: call.document.bytes, as: UTF8.self)
        let isTaken = try await database.write { connection in
            try connection.announce(Definitions.topic)
            return try connection.run(
                """
                insert into model (code, version, document) values (?, ?, ?)
                on conflict (code) do update
                set version = excluded.version, document = excluded.document
                where excluded.version > model.version
                """, [.text(call.code), .integer(call.version), .text(text)]) > 0
        }
        if isTaken { hold(call.code, Held(version: call.version, model: model)) }
        return isTaken
    }
}
