import Contracts
import Crypto
import Database
import JSON
import RPC
import ServiceRuntime

/// The calls about outgoing mail.
struct Outbox: Sendable {
    let database: Database
    let store: MailStore
    let composer: Composer
    let runtime: Runtime
    let texts: MailTexts
    /// Wakes the worker.
    let wake: @Sendable () -> Void

    private static let keyLife = Duration.seconds(86_400)

    /// Queues a mail; with an idempotency key, once.
    func send(_ call: SendMail, _ context: CallContext) async throws -> MailQueued {
        try require("mail:send", context)
        let key = Key(call, context)
        if let key, let answer = try await database.pointRead({ try key.answer($0, store) }) {
            return answer
        }
        let mail = try await composer.compose(call, context)
        let now = runtime.clock.now()
        let queued = try await database.write { [store] connection in
            // Again within the transaction: the same key may have come twice at once.
            if let key, let answer = try key.answer(connection, store) { return answer }
            let id = try store.insert(connection, mail, now: now)
            let state = mail.recipients.contains { $0.state == .queued } ? "queued" : "held"
            let answer = MailQueued(id: id, messageId: mail.messageID, state: state)
            try key?.keep(connection, answer, expires: now.advanced(by: Outbox.keyLife))
            return answer
        }
        wake()
        return queued
    }

    func preview(
        _ call: PreviewNotification, _ context: CallContext
    ) async throws -> NotificationPreview {
        try require("mail:send", context)
        if let definition = call.definition, !definition.isNull {
            try require("models:write", context)
        }
        return try await composer.preview(call, context)
    }

    func list(_ call: ListMails, _ context: CallContext) async throws -> JSONBytes {
        try require("mail:read", context)
        if call.text != nil { try await texts.catchUp() }
        return JSONBytes(
            try await database.read {
                try MailQueries().list($0, call, for: context.principal)
            })
    }

    func get(_ call: GetMail, _ context: CallContext) async throws -> JSONBytes {
        try require("mail:read", context)
        return JSONBytes(
            try await database.pointRead {
                try MailFilter.require(call.id, for: context.principal, $0)
                return try MailQueries().mail($0, call.id)
            })
    }

    func raw(_ call: GetMailRaw, _ context: CallContext) async throws -> MailContent {
        try require("mail:read", context)
        let id = call.id
        let found = try await database.read { [database] connection in
            try MailFilter.require(id, for: context.principal, connection)
            return try connection.first(
                "select confidential, size, bytes_removed from mail where id = ?", [.integer(id)]
            ) { row in
                (
                    isConfidential: row.boolean(0), removed: row.optionalText(2),
                    content: try MailPieces().content(
                        connection, id, size: Int(row.integer(1)), from: database)
                )
            }
        }
        guard let found else { throw MailError.noSuchMail(id) }
        guard !found.isConfidential else {
            throw MailError.cannot("This mail is confidential: nobody reads its bytes.")
        }
        guard let content = found.content else {
            throw MailError.cannot(
                "The bytes of this mail were removed on \(found.removed ?? "a day before").")
        }
        return content
    }

    func act(_ call: ActOnMail, _ context: CallContext) async throws -> JSONBytes {
        try require("mail:send", context)
        let now = runtime.clock.now()
        let bytes = try await database.write { [store] connection in
            try MailFilter.require(call.id, for: context.principal, connection)
            try MailActions(store: store).apply(
                connection, call.action, mail: call.id, account: context.principal.account,
                now: now)
            return try MailQueries().mail(connection, call.id)
        }
        wake()
        return JSONBytes(bytes)
    }

    /// The platform's own keys name an action for ever and stand in the mail itself; a person's
    /// live for 24 h and belong to the account and the request.
    private struct Key: Sendable {
        let text: String
        let fingerprint: [UInt8]
        let isPlatform: Bool

        init?(_ call: SendMail, _ context: CallContext) {
            guard let key = context.idempotencyKey else { return nil }
            isPlatform = context.isOfPlatform
            text = isPlatform ? key : "\(context.principal.account)|\(SendMail.path)|\(key)"
            fingerprint = isPlatform ? [] : SHA256.digest(JSONCoder.encode(call).bytes)
        }

        func answer(_ connection: Connection, _ store: MailStore) throws -> MailQueued? {
            if isPlatform {
                return try connection.first(
                    "select id, message_id, state from mail where origin = ?", [.text(text)]
                ) {
                    MailQueued(id: $0.integer(0), messageId: $0.text(1), state: $0.text(2))
                }
            }
            do {
                let table = IdempotencyTable()
                guard
                    let bytes = try table.answer(connection, key: text, fingerprint: fingerprint)
                else { return nil }
                return try JSONCoder.decode(MailQueued.self, from: JSONValue(parsing: bytes))
            } catch is IdempotencyError {
                throw MailError.keyReused
            }
        }

        func keep(_ connection: Connection, _ answer: MailQueued, expires: Timestamp) throws {
            guard !isPlatform else { return }
            try IdempotencyTable().keep(
                connection, key: text, fingerprint: fingerprint,
                answer: JSONCoder.encode(answer).bytes, expires: expires)
        }
    }
}

extension CallContext {
    /// Whether the platform does something of its own, be it with the rights of an account, as an
    /// export does: its keys name one thing for ever.
    var isOfPlatform: Bool { principal.isSystem || door == .system }
}

/// The gateway says who; Mail says whether.
func require(_ permission: String, _ context: CallContext) throws {
    guard context.principal.isSystem || context.principal.permissions.contains(permission) else {
        throw MailError.forbidden(permission: permission)
    }
}
