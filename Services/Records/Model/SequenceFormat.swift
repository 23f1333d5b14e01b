import Database
import JSON
import ServiceRuntime

/// How a sequence looks: `T-{year}-{number:5}`. Numbers count from `start`, anew for each year or
/// month that the format names, and none is given twice.
struct SequenceFormat: Sendable, Hashable {
    static let lengthLimit = 100
    static let widthLimit = 15

    enum Part: Sendable, Hashable {
        case literal(String)
        /// Four digits and two, in UTC.
        case year, month
        /// With leading zeros up to this many digits.
        case number(width: Int)
    }

    /// Without a format the column is an integer.
    static let plain = SequenceFormat(parts: [.number(width: 1)], isText: false)

    let parts: [Part]
    let isText: Bool
    var start: Int64 = 1

    private init(parts: [Part], isText: Bool) {
        self.parts = parts
        self.isText = isText
    }

    struct FormatFault: Error {
        let detail: String
    }

    init(_ text: String) throws(FormatFault) {
        guard text.utf8.count <= SequenceFormat.lengthLimit else {
            throw FormatFault(detail: "is longer than \(SequenceFormat.lengthLimit) bytes")
        }
        var parts: [Part] = []
        var rest = text[...]
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[brace] == "{", let end = rest[brace...].firstIndex(of: "}") else {
                throw FormatFault(detail: "has a brace without its other half")
            }
            if brace > rest.startIndex { parts.append(.literal(String(rest[..<brace]))) }
            parts.append(try SequenceFormat.part(String(rest[rest.index(after: brace)..<end])))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        let numbers = parts.filter { if case .number = $0 { true } else { false } }
        guard numbers.count == 1 else {
            throw FormatFault(detail: "must have {number} once, or {number:5} with five digits")
        }
        if parts.contains(.month), !parts.contains(.year) {
            throw FormatFault(detail: "names {month} without {year}, so that numbers would repeat")
        }
        self.init(parts: parts, isText: true)
    }

    private static func part(_ word: String) throws(FormatFault) -> Part {
        switch word {
        case "year": return .year
        case "month": return .month
        case "number": return .number(width: 1)
        default:
            guard word.hasPrefix("number:"), let width = Int(word.dropFirst(7)),
                (1...widthLimit).contains(width)
            else { throw FormatFault(detail: "names {\(word)}; it can name year, month, number") }
            return .number(width: width)
        }
    }

    /// The time for which a number is the only one: `2026`, `2026-11`, or nothing for ever.
    func period(_ time: Timestamp) -> String {
        let text = time.text
        if parts.contains(.month) { return String(text.prefix(7)) }
        return parts.contains(.year) ? String(text.prefix(4)) : ""
    }

    func value(_ number: Int64, at time: Timestamp) -> SQLValue {
        guard isText else { return .integer(number) }
        let date = time.text
        let text = parts.map { part in
            switch part {
            case .literal(let text): return text
            case .year: return String(date.prefix(4))
            case .month: return String(date.dropFirst(5).prefix(2))
            case .number(let width):
                let digits = String(number)
                return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
            }
        }
        return .text(text.joined())
    }

    // MARK: The same in SQL, where the platform is not asked

    /// `time` is SQL of a time as it is stored.
    func periodSQL(_ time: String) -> String {
        if parts.contains(.month) { return "substr(\(time), 1, 7)" }
        return parts.contains(.year) ? "substr(\(time), 1, 4)" : "''"
    }

    func valueSQL(_ number: String, at time: String) -> String {
        guard isText else { return number }
        let pieces = parts.map { part in
            switch part {
            case .literal(let text): literal(text)
            case .year: "substr(\(time), 1, 4)"
            case .month: "substr(\(time), 6, 2)"
            case .number(let width): SequenceFormat.padded(number, width)
            }
        }
        return "(\(pieces.joined(separator: " || ")))"
    }

    /// SQL of a number of at least so many digits.
    private static func padded(_ number: String, _ width: Int) -> String {
        guard width > 1 else { return "CAST(\(number) AS TEXT)" }
        let power = "1" + String(repeating: "0", count: width)
        return "CASE WHEN \(number) < \(power) "
            + "THEN substr(CAST(\(power) + \(number) AS TEXT), 2) "
            + "ELSE CAST(\(number) AS TEXT) END"
    }
}

/// The last number of each sequence, by table, column and period.
struct SequenceCounter {
    let table: Int64
    let column: String
    let format: SequenceFormat

    static let migration = Migration(
        "records-columns-sequence",
        """
        CREATE TABLE sequence_counter (
            class BIGINT NOT NULL,
            column_code TEXT NOT NULL,
            period TEXT NOT NULL,
            last BIGINT NOT NULL,
            PRIMARY KEY (class, column_code, period)
        );
        """)

    /// Takes the next number in the caller's transaction.
    func next(_ connection: Connection, at time: Timestamp) throws -> SQLValue {
        let number = try connection.first(
            """
            INSERT INTO sequence_counter (class, column_code, period, last) VALUES (?, ?, ?, ?) \
            ON CONFLICT (class, column_code, period) \
            DO UPDATE SET last = \(after("sequence_counter.last", "excluded.last")) RETURNING last
            """,
            [
                .integer(table), .text(column), .text(format.period(time)), .integer(format.start),
            ]
        ) { $0.integer(0) }
        return format.value(number ?? format.start, at: time)
    }

    /// The number after the last, and none before the start: what starts later than it did goes on
    /// from there.
    private func after(_ last: String, _ start: String) -> String {
        "CASE WHEN \(last) < \(start) THEN \(start) ELSE \(last) + 1 END"
    }

    private var key: String { "class = \(table) AND column_code = \(literal(column))" }

    /// Statements of a trigger that take the next number where `condition` holds; `valueSQL` then
    /// reads it.
    func nextSQL(where condition: String) -> [String] {
        let period = format.periodSQL(ClassTable.now)
        return [
            """
            INSERT INTO sequence_counter (class, column_code, period, last)
            SELECT \(table), \(literal(column)), \(period), \(format.start) - 1
            WHERE NOT EXISTS (SELECT 1 FROM sequence_counter WHERE \(key) AND period = \(period))
            AND \(condition)
            """,
            """
            UPDATE sequence_counter SET last = \(after("last", "\(format.start)")) \
            WHERE \(key) AND period = \(period) AND \(condition)
            """,
        ]
    }

    var valueSQL: String {
        let time = ClassTable.now
        let last = """
            (SELECT last FROM sequence_counter WHERE \(key) AND period = \(format.periodSQL(time)))
            """
        return format.valueSQL(last, at: time)
    }

    /// Statements that number the rows where `condition` holds, to which the column is new, oldest
    /// first.
    func fillSQL(where condition: String) -> [String] {
        let (name, code) = (ClassTable.name(table), quoted(column))
        // Grouped by a constant they could not be.
        let period =
            format.parts.contains(.year) ? format.periodSQL("created") : "substr(created, 1, 0)"
        return [
            "DELETE FROM sequence_counter WHERE \(key);",
            """
            UPDATE \(name) SET \(code) = \(format.valueSQL("s.n", at: "created")) FROM (
            SELECT id AS i, \(format.start) - 1 + row_number() OVER \
            (PARTITION BY \(period) ORDER BY id) AS n FROM \(name) WHERE \(condition)) AS s WHERE s.i = id;
            """,
            """
            INSERT INTO sequence_counter (class, column_code, period, last)
            SELECT \(table), \(literal(column)), \(period), \(format.start) - 1 + count(*)
            FROM \(name) WHERE \(condition) GROUP BY \(period);
            """,
        ]
    }
}
