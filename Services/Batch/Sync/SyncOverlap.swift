import Database
import ServiceRuntime

extension SyncCursor {
    /// So much earlier, where the value is a time: a text that begins with one, or a number of
    /// seconds, milliseconds or microseconds since 1970. Any other value stays as it is.
    func earlier(by overlap: Duration) -> SyncCursor {
        SyncCursor(value: SyncCursor.earlier(value, overlap))
    }

    private static func earlier(_ value: SQLValue, _ overlap: Duration) -> SQLValue {
        switch value {
        case .text(let text): return .text(earlier(text, overlap))
        case .integer(let integer):
            let milliseconds = overlap.milliseconds
            switch integer {
            case 100_000_000..<100_000_000_000: return .integer(integer - milliseconds / 1000)
            case 100_000_000_000..<100_000_000_000_000: return .integer(integer - milliseconds)
            case 100_000_000_000_000...: return .integer(integer - milliseconds * 1000)
            default: return value
            }
        case .real(let real) where real >= 100_000_000 && real < 100_000_000_000:
            return .real(real - Double(overlap.milliseconds) / 1000)
        case .null, .real, .blob: return value
        }
    }

    /// A text with the same beginning as those it is compared with: date, one letter, time.
    private static func earlier(_ text: String, _ overlap: Duration) -> String {
        let start = String(decoding: text.utf8.prefix(19), as: UTF8.self)
        guard let time = Timestamp(start + "Z") ?? Timestamp(start + "T00:00:00Z") else {
            return text
        }
        let moved = time.advanced(by: .zero - overlap).text
        let isDate = start.utf8.count == 10
        guard !isDate else { return String(moved.prefix(10)) }
        let separator = Array(start.utf8)[10]
        var bytes = Array(moved.utf8.prefix(19))
        bytes[10] = separator
        return String(decoding: bytes, as: UTF8.self)
    }
}
