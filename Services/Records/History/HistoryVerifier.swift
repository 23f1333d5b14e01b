import Contracts
import Database
import JSON
import ServiceRuntime

/// Walks the chain from a seal to its end and stops at the first place that is not as it was
/// sealed. It reads a few seals at a time, each slice in a transaction of its own, so that neither
/// memory nor the write-ahead log grows with the history.
struct HistoryVerifier: Sendable {
    static let sealsPerSlice = 16

    let keys: HistoryKeys
    /// Whether the chain must end with a seal by the first key: nobody without it can then have
    /// made the chain anew.
    private var previous: HistoryHead = .start
    private var reached: Int64 = 0
    private var wasKeyed = false
    private(set) var answer = HistoryVerification()

    init(keys: HistoryKeys) { self.keys = keys }

    private typealias Fault = HistoryVerification.Fault

    /// Goes on after seal `number`, which is taken as it stands; false where there is none.
    mutating func begin(after number: Int64, _ connection: Connection) throws -> Bool {
        let seal = try connection.first(
            "SELECT \(HistorySeal.columns) FROM history_seal WHERE number = ?",
            [.integer(number)], HistorySeal.init)
        guard let seal else { return false }
        previous = seal.head
        reached = seal.last
        wasKeyed = !seal.key.isEmpty
        return true
    }

    /// Heads that somebody kept must be in the chain.
    mutating func expect(_ head: HistoryHead, from keeper: String, _ connection: Connection) throws
    {
        guard answer.fault == nil, try !head.stands(in: connection) else { return }
        let newest = try HistorySeal.newest(connection)?.number ?? 0
        answer.fault =
            newest < head.number
            ? Fault(
                code: "tail-missing", seal: newest + 1,
                detail: "The chain ends at seal \(newest); \(keeper) says that seal "
                    + "\(head.number) was there.")
            : Fault(
                code: "other-chain", seal: head.number,
                detail: "Seal \(head.number) is not the one that \(keeper) has.")
    }

    /// Verifies a few more seals; false at the end or at a fault.
    mutating func step(_ connection: Connection) throws -> Bool {
        guard answer.fault == nil else { return false }
        let seals = try connection.query(
            """
            SELECT \(HistorySeal.columns) FROM history_seal WHERE number > ? \
            ORDER BY number LIMIT \(HistoryVerifier.sealsPerSlice)
            """, [.integer(previous.number)], HistorySeal.init)
        for seal in seals {
            answer.fault = try fault(of: seal) ?? entryFault(of: seal, connection)
            if answer.fault != nil { return false }
            answer.seals += 1
            previous = seal.head
            reached = seal.last
            wasKeyed = !seal.key.isEmpty
            answer.head = previous.description
        }
        if seals.count == HistoryVerifier.sealsPerSlice { return true }
        try end(connection)
        return false
    }

    private mutating func end(_ connection: Connection) throws {
        answer.next = nil
        answer.unsealed = try connection.count(
            "SELECT count(*) FROM change_log WHERE seq > ? AND kept = 1", [.integer(reached)])
        if previous.number > 0, !wasKeyed, !keys.current.isEmpty {
            answer.fault = Fault(
                code: "no-key", seal: previous.number,
                detail: "The newest seal was made without a key. Start the service with its key "
                    + "once; if it has run with it before, somebody made the chain anew.")
        }
    }

    /// Where a verification that was interrupted goes on.
    mutating func interrupt() { answer.next = previous.number }

    private func fault(of seal: HistorySeal) -> Fault? {
        guard seal.number == previous.number + 1 else {
            return Fault(
                code: "seal-missing", seal: previous.number + 1,
                detail: "After seal \(previous.number) comes seal \(seal.number).")
        }
        if wasKeyed, seal.key.isEmpty {
            return Fault(
                code: "no-key", seal: seal.number,
                detail: "Seal \(seal.number) was made without a key, after seals with one.")
        }
        guard let digest = keys.digest(seal.message(after: previous.seal), key: seal.key) else {
            return Fault(
                code: "unknown-key", seal: seal.number,
                detail: "Seal \(seal.number) was made with the key \(seal.key), which is not in "
                    + "RECORDS_HISTORY_KEY.")
        }
        guard digest == seal.seal, seal.leaves.count % HistorySeal.leafBytes == 0 else {
            return Fault(
                code: "seal-changed", seal: seal.number,
                detail: "Seal \(seal.number) of \(seal.time) is not what was sealed: it, or a "
                    + "seal before it, was changed.")
        }
        return nil
    }

    /// Holds the entries against the leaves of a seal that is good.
    private mutating func entryFault(
        of seal: HistorySeal, _ connection: Connection
    ) throws -> Fault? {
        let leaves = Leaves(bytes: seal.leaves)
        var position = 0
        var fault: Fault?
        var buffer: [UInt8] = []
        try connection.each(
            """
            SELECT \(HistorySeal.entryColumns) FROM change_log \
            WHERE seq > ? AND seq <= ? AND kept = 1 ORDER BY seq
            """, [.integer(reached), .integer(seal.last)]
        ) { row in
            let seq = row.integer(0)
            guard position < leaves.count, leaves.seq(position) <= seq else {
                fault = Fault(
                    code: "entry-inserted", seal: seal.number, entry: seq,
                    detail: "Entry \(seq) was not there when seal \(seal.number) was made.")
                return false
            }
            guard leaves.seq(position) == seq else { return false }
            guard leaves.isDigest(HistorySeal.digest(row, &buffer), position) else {
                fault = Fault(
                    code: "entry-changed", seal: seal.number, entry: seq,
                    record: row.integer(2), detail: "Entry \(seq) is not as it was sealed.")
                return false
            }
            position += 1
            return true
        }
        answer.entries += Int64(position)
        if fault == nil, position < leaves.count {
            let seq = leaves.seq(position)
            fault = Fault(
                code: "entry-missing", seal: seal.number, entry: seq,
                detail: "Entry \(seq) was removed after it was sealed.")
        }
        return fault
    }

    private struct Leaves {
        let bytes: [UInt8]
        var count: Int { bytes.count / HistorySeal.leafBytes }

        func seq(_ index: Int) -> Int64 {
            let start = index * HistorySeal.leafBytes
            return bytes[start..<start + 8].reduce(0) { $0 << 8 | Int64($1) }
        }

        func isDigest(_ digest: [UInt8], _ index: Int) -> Bool {
            let start = index * HistorySeal.leafBytes + 8
            return bytes[start..<start + HistorySeal.digestBytes].elementsEqual(digest)
        }
    }
}

extension HistoryVerifier {
    /// How long one call goes on.
    static let callTime = Duration.seconds(5)

    /// What a call asks, until the end or for `callTime`.
    static func run(
        _ call: VerifyHistory, keys: HistoryKeys, file: HistoryHeadFile, database: Database,
        clock: any WallClock
    ) async throws -> HistoryVerification {
        var kept: HistoryHead?
        if let text = call.head {
            kept = HistoryHead(text)
            guard kept != nil else {
                throw RecordsError.validation([
                    FieldProblem(
                        pointer: "/head", code: "wrong-format",
                        detail: "A head is a number and 64 hex digits, such as 17-9f86…")
                ])
            }
        }
        let (head, from) = (kept, call.from ?? 0)
        var verifier = try await database.read { connection in
            var verifier = HistoryVerifier(keys: keys)
            if from > 0, try !verifier.begin(after: from, connection) {
                throw RecordsError.validation([
                    FieldProblem(
                        pointer: "/from", code: "not-found", detail: "There is no such seal.")
                ])
            }
            if let head { try verifier.expect(head, from: "the caller", connection) }
            do {
                if let own = try file.read() {
                    try verifier.expect(own, from: file.path, connection)
                }
            } catch let error as HistoryHeadFile.Unreadable {
                verifier.refuse(error)
            }
            return verifier
        }
        let end = clock.monotonicNanoseconds() + callTime.nanoseconds
        while true {
            let standing = verifier
            let (next, isMore) = try await database.read { connection in
                var next = standing
                let isMore = try next.step(connection)
                return (next, isMore)
            }
            verifier = next
            if !isMore { break }
            if clock.monotonicNanoseconds() >= end {
                verifier.interrupt()
                break
            }
        }
        return verifier.answer
    }

    private mutating func refuse(_ error: HistoryHeadFile.Unreadable) {
        answer.fault = answer.fault ?? Fault(code: "head-unreadable", seal: 0, detail: "\(error)")
    }
}
