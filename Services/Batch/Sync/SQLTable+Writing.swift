import Contracts
import Database

extension SQLTable {
    /// Engines whose statements undo themselves alone are written row by row. Else all is written
    /// at once first; what is refused is found row by row.
    func apply(_ writes: [ExternalWrite]) async throws -> [ExternalEffect] {
        if source.dialect.undoesStatements { return try await applyEach(writes) }
        do {
            return try await source.write { session in
                var effects = try standing(writes, session)
                try writeAll(writes, session, &effects)
                return effects
            }
        } catch ForeignError.constraint {
            return try await applyEach(writes)
        }
    }

    private func applyEach(_ writes: [ExternalWrite]) async throws -> [ExternalEffect] {
        try await source.write { session in
            var effects = try standing(writes, session)
            for (index, write) in writes.enumerated() where effects[index] == .done {
                effects[index] = try effect(of: write, session)
            }
            return effects
        }
    }

    /// What is not as it was seen, and what is: `done`, as soon as it is written.
    private func standing(_ writes: [ExternalWrite], _ session: any ForeignSession) throws
        -> [ExternalEffect]
    {
        var hashes: [SyncKey: UInt64] = [:]
        try session.eachRow(of: writes.map(\.row.key), statements, reading, locking: true) {
            row, key in
            hashes[key] = reading.hash(row) ?? 0
        }
        return writes.map { hashes[$0.row.key] == $0.expected ? .done : .stale }
    }

    private func values(_ row: SyncRow) -> [SQLValue] {
        zip(reading.columns, row.values).map { $0.sql($1, source.dialect) }
    }

    private func keyed(_ row: SyncRow) -> [SQLValue] { row.key.parts.map(\.sql) + values(row) }

    private func writeAll(
        _ writes: [ExternalWrite], _ session: any ForeignSession, _ effects: inout [ExternalEffect]
    ) throws {
        var inserts: [SyncRow] = []
        for (write, effect) in zip(writes, effects) where effect == .done {
            if write.kind == .insert {
                inserts.append(write.row)
            } else {
                try self.write(write, session)
            }
        }
        var rest = inserts[...]
        while !rest.isEmpty {
            let part = rest.prefix(
                rest.count >= statements.insertRows ? statements.insertRows : 1)
            rest = rest.dropFirst(part.count)
            try session.run(statements.insert(rows: part.count), part.flatMap(keyed))
        }
    }

    private func write(_ write: ExternalWrite, _ session: any ForeignSession) throws {
        let key = statements.bound(write.row.key)
        switch write.kind {
        case .insert: try session.run(statements.insert(rows: 1), keyed(write.row))
        case .update: try session.run(statements.update, values(write.row) + key)
        case .delete: try session.run(statements.delete, key)
        }
    }

    private func effect(of write: ExternalWrite, _ session: any ForeignSession) throws
        -> ExternalEffect
    {
        do {
            try session.attempt { try self.write(write, session) }
            return .done
        } catch {
            guard case .constraint(let message) = ForeignError(error) else { throw error }
            // Another program may have been quicker.
            return try standing([write], session) == [.done] ? .refused(message) : .stale
        }
    }
}
