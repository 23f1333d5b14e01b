import Contracts
import Database

/// How a row of theirs becomes one of ours: its key comes first.
struct RowReading: Sendable {
    let keys: [SyncColumn]
    let columns: [SyncColumn]

    /// Keys that need no look at their letters.
    private let isPlain: Bool

    init(keys: [SyncColumn], columns: [SyncColumn]) {
        self.keys = keys
        self.columns = columns
        isPlain = keys.allSatisfy { $0.form == .integer || $0.form == .text }
    }

    enum Result {
        case row(SyncRow)
        case refused(ExternalRows.Refused)
    }

    /// The key as it stands, good or not: in its order.
    func rawKey(_ row: any ForeignRow) -> SyncKey? {
        guard keys.count > 1 else { return part(row, 0) }
        var parts: [SyncKey] = []
        for index in keys.indices {
            guard let part = part(row, index) else { return nil }
            parts.append(part)
        }
        return .several(parts)
    }

    private func part(_ row: any ForeignRow, _ index: Int) -> SyncKey? {
        switch row.value(index) {
        case .integer(let integer): .integer(integer)
        case .text(let text): .text(text)
        case .null, .real, .blob: nil
        }
    }

    /// A key is the same on both sides to the letter, so that both have one order.
    private func goodKey(_ row: any ForeignRow) throws(RowRefused) -> SyncKey {
        for (index, key) in keys.enumerated() {
            guard let raw = part(row, index), try key.stored(row.value(index)) == raw.value else {
                throw RowRefused("\(key.ours): The key cannot be kept as it is.")
            }
        }
        guard let raw = rawKey(row) else { throw RowRefused("The key cannot be kept as it is.") }
        return raw
    }

    func row(_ row: any ForeignRow) -> Result {
        do throws(RowRefused) {
            let key = try goodKey(row)
            var values: [SyncValue] = []
            values.reserveCapacity(columns.count)
            for (index, column) in columns.enumerated() {
                values.append(try column.stored(row.value(keys.count + index)))
            }
            return .row(SyncRow(key: key, values: values))
        } catch {
            let raw = rawKey(row)
            return .refused(
                .init(key: raw, row: RefusedRow(key: raw?.text ?? "", reason: error.reason)))
        }
    }

    /// The same fingerprint as the row's, made without the row; nil where it is refused.
    func hash(_ row: any ForeignRow) -> UInt64? {
        var hash = RowHash()
        do throws(RowRefused) {
            if isPlain {
                for index in keys.indices { try keys[index].feed(row, index, &hash) }
            } else {
                try goodKey(row).feed(&hash)
            }
            for index in columns.indices {
                try columns[index].feed(row, keys.count + index, &hash)
            }
            return hash.value
        } catch {
            return nil
        }
    }
}

extension SyncColumn {
    /// What `stored` gives, fed without making it where nothing has to be converted.
    fileprivate func feed(_ row: any ForeignRow, _ index: Int, _ hash: inout RowHash)
        throws(RowRefused)
    {
        switch (row.kind(index), form) {
        case (.null, _): return hash.null()
        case (.integer, .integer): return hash.integer(row.integer(index))
        case (.integer, .decimal(let scale)) where scale <= 4:
            let factors: [Int64] = [1, 10, 100, 1000, 10_000]
            let (product, overflow) = row.integer(index).multipliedReportingOverflow(
                by: factors[scale])
            if !overflow { return hash.integer(product) }
        case (.text, .text), (.text, .date), (.text, .datetime):
            let isFed = row.withText(index) { bytes -> Bool in
                guard SyncColumn.isStored(bytes, form) else { return false }
                hash.text(bytes)
                return true
            }
            if isFed { return }
        default: break
        }
        try stored(row.value(index)).feed(&hash)
    }

    /// Whether the bytes look as Records stores them.
    private static func isStored(_ bytes: UnsafeBufferPointer<UInt8>, _ form: Form) -> Bool {
        func matches(_ pattern: StaticString) -> Bool {
            guard bytes.count == pattern.utf8CodeUnitCount else { return false }
            for index in 0..<bytes.count {
                let wanted = pattern.utf8Start[index]
                let isDigit = bytes[index] &- 0x30 < 10
                guard wanted == 0x30 ? isDigit : bytes[index] == wanted else { return false }
            }
            return true
        }
        switch form {
        case .text: return !bytes.contains(0)
        case .date: return matches("0000-00-00")
        case .datetime: return matches("0000-00-00T00:00:00.000Z")
        default: return false
        }
    }
}
