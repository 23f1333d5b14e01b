import Crypto
import Database

/// One link of the chain over the change log: the digests of some entries, bound to the seal
/// before. Entries of classes without history stand outside of it (`kept` = 0).
struct HistorySeal: Sendable {
    /// Dense, from 1.
    var number: Int64
    /// The entry up to which the log was sealed when it was made.
    var last: Int64
    var time: String
    /// The id of the key that it was made with; empty without one.
    var key: String
    /// The leaves one after the other.
    var leaves: [UInt8]
    var seal: [UInt8] = []

    static let digestBytes = 32
    /// A leaf is the number of an entry and the digest of its bytes.
    static let leafBytes = 8 + digestBytes

    /// Everything that the seal stands for.
    func message(after previous: [UInt8]) -> [UInt8] {
        var bytes = Array("geartrain history seal 1\n".utf8)
        bytes.reserveCapacity(leaves.count + 256)
        bytes.appendNumber(number)
        bytes.appendNumber(last)
        for text in [time, key] {
            bytes.appendNumber(Int64(text.utf8.count))
            bytes += Array(text.utf8)
        }
        bytes += previous
        bytes += leaves
        return bytes
    }

    var head: HistoryHead { HistoryHead(number: number, seal: seal) }

    // MARK: Entries

    /// What of an entry is sealed: every column.
    static let entryColumns = """
        seq, class, record, operation, version, time, account, door, root, via, depth, before, \
        after, kept, cause_account
        """
    /// Those that every entry has. `cause_account` came later and counts where it is not null, so
    /// that entries from before it have the digest that they had.
    private static let firstColumnCount = 14
    static let keptColumn = firstColumnCount - 1

    /// The digest of an entry that was read by `entryColumns`; `buffer` is scratch space.
    static func digest(_ row: Row, _ buffer: inout [UInt8]) -> [UInt8] {
        buffer.removeAll(keepingCapacity: true)
        for column in 0..<firstColumnCount { row.appendExactly(column, to: &buffer) }
        if !row.isNull(firstColumnCount) { row.appendExactly(firstColumnCount, to: &buffer) }
        return SHA256.digest(buffer)
    }

    // MARK: Rows

    static let columns = "number, last, time, key, leaves, seal"

    init(_ row: Row) {
        number = row.integer(0)
        last = row.integer(1)
        time = row.text(2)
        key = row.text(3)
        leaves = row.blob(4)
        seal = row.blob(5)
    }

    init(number: Int64, last: Int64, time: String, key: String, leaves: [UInt8]) {
        self.number = number
        self.last = last
        self.time = time
        self.key = key
        self.leaves = leaves
    }

    func insert(_ connection: Connection) throws {
        try connection.run(
            "INSERT INTO history_seal (\(HistorySeal.columns)) VALUES (?, ?, ?, ?, ?, ?)",
            [
                .integer(number), .integer(last), .text(time), .text(key), .blob(leaves),
                .blob(seal),
            ])
    }

    /// The newest seal; nil where nothing was sealed yet.
    static func newest(_ connection: Connection) throws -> HistorySeal? {
        try connection.first(
            "SELECT \(columns) FROM history_seal ORDER BY number DESC LIMIT 1", [],
            HistorySeal.init)
    }
}

/// A place in the chain that somebody keeps: what stands there cannot change without the seal
/// changing.
struct HistoryHead: Sendable, Hashable, CustomStringConvertible {
    var number: Int64
    var seal: [UInt8]

    /// Before the first seal.
    static let start = HistoryHead(
        number: 0, seal: Array(repeating: 0, count: HistorySeal.digestBytes))

    init(number: Int64, seal: [UInt8]) {
        self.number = number
        self.seal = seal
    }

    /// Reads `17-9f86d0…`; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int64(parts[0]), number > 0,
            let seal = Hex.decode(String(parts[1])), seal.count == HistorySeal.digestBytes
        else { return nil }
        self.init(number: number, seal: seal)
    }

    var description: String { "\(number)-\(Hex.encode(seal))" }
}

extension [UInt8] {
    mutating func appendNumber(_ integer: Int64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: integer >> Int64(shift)))
        }
    }
}
