import CSQLite
import ServiceRuntime

/// Watches over the statements of one connection: what they may reach, and for how long.
final class Warden {
    var confinement: Confinement?
    /// When a statement must have ended; `.max` is never.
    var end = UInt64.max
    /// How often it is still looked at before a statement must have ended; nil is without end.
    var looks: Int?
    /// Names of tables, or of subqueries, that are read without a column.
    var counted: Set<String> = []

    private let clock = SystemClock()
    /// Instructions of the engine between two looks: some 20 µs.
    static let interval: Int32 = 1000

    func install(in database: OpaquePointer, isConfined: Bool) {
        // The connection keeps it for as long as the handle lives.
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(
            database, Warden.interval,
            { pointer in
                guard let pointer else { return 1 }
                let warden = Unmanaged<Warden>.fromOpaque(pointer).takeUnretainedValue()
                return warden.isOver ? 1 : 0
            }, pointer)
        guard isConfined else { return }
        sqlite3_set_authorizer(
            database,
            { pointer, action, first, second, _, reader in
                guard let pointer else { return SQLITE_DENY }
                let warden = Unmanaged<Warden>.fromOpaque(pointer).takeUnretainedValue()
                func text(_ bytes: UnsafePointer<CChar>?) -> String {
                    bytes.map { String(cString: $0) } ?? ""
                }
                let isFine = warden.allows(
                    action, text(first), text(second), reader: reader.map { String(cString: $0) })
                return isFine ? SQLITE_OK : SQLITE_DENY
            }, pointer)
    }

    private var isOver: Bool {
        if let looks {
            self.looks = looks - 1
            return looks <= 0
        }
        return end != .max && clock.monotonicNanoseconds() >= end
    }

    /// Table-valued functions over a value that the statement has.
    private static let valueTables: Set<String> = ["json_each", "json_tree"]

    private func allows(
        _ action: Int32, _ first: String, _ second: String, reader: String?
    ) -> Bool {
        guard let confinement else { return true }
        if let reader, confinement.readers.contains(reader) { return true }
        switch action {
        case SQLITE_SELECT, SQLITE_RECURSIVE: return true
        case SQLITE_FUNCTION: return confinement.functions.contains(second.lowercased())
        case SQLITE_READ:
            if Warden.valueTables.contains(first.lowercased()) { return true }
            guard second.isEmpty else { return false }
            counted.insert(first)
            return true
        default: return false
        }
    }
}
