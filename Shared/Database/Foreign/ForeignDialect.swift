/// How engines write the same thing.
public struct ForeignDialect: Sendable {
    public enum Engine: Sendable {
        case sqlite, postgresql
        /// MySQL and MariaDB.
        case mysql
        case sqlServer
        /// The SQL standard, and what is looked at as it comes.
        case other
    }

    public let engine: Engine
    /// Around names; empty where names cannot be quoted.
    let mark: String

    public init(_ engine: Engine, quotingBy mark: String = "\"") {
        self.engine = engine
        self.mark = mark
    }

    /// A quoted identifier, whatever is in it.
    public func quote(_ identifier: String) -> String {
        var quoted = mark
        for character in identifier.unicodeScalars {
            if String(character) == mark { quoted += mark }
            quoted.unicodeScalars.append(character)
        }
        return quoted + mark
    }

    /// A table, `schema.table` where the engine has schemas.
    public func table(_ name: String) -> String {
        guard engine != .sqlite else { return quote(name) }
        return name.split(separator: ".").map { quote(String($0)) }.joined(separator: ".")
    }

    /// A column as a text.
    public func text(_ column: String) -> String {
        switch engine {
        case .sqlite, .postgresql: "CAST(\(column) AS TEXT)"
        case .mysql: "CAST(\(column) AS CHAR)"
        case .sqlServer: "CAST(\(column) AS NVARCHAR(4000))"
        case .other: "CAST(\(column) AS VARCHAR(4000))"
        }
    }

    /// A text in the order of its bytes. Of engines that are not known it is the column's own
    /// order, which whoever reads it has to check.
    public func ordered(_ text: String) -> String {
        switch engine {
        case .sqlite: "\(text) COLLATE BINARY"
        case .postgresql: "\(text) COLLATE \"C\""
        case .mysql: "CAST(CONVERT(\(text) USING utf8mb4) AS BINARY)"
        case .sqlServer: "\(text) COLLATE Latin1_General_100_BIN2"
        case .other: text
        }
    }

    /// A moment, `2026-11-29T10:15:00.000Z`, as a text that a column without a zone takes as UTC.
    public func moment(_ text: String) -> String {
        switch engine {
        case .sqlite, .postgresql: text
        case .mysql, .sqlServer, .other:
            text.hasSuffix("Z") ? String(text.dropLast().replacing("T", with: " ")) : text
        }
    }

    /// Whether what comes in order has to be looked at: the engine may know another one.
    public var hasOwnOrder: Bool { engine == .sqlServer || engine == .other }

    /// At the end of a query that is ordered.
    public func limit(_ rows: Int) -> String {
        switch engine {
        case .sqlite, .postgresql, .mysql: " LIMIT \(rows)"
        case .sqlServer, .other: " OFFSET 0 ROWS FETCH NEXT \(rows) ROWS ONLY"
        }
    }

    /// At the end of a query whose rows stay as they are until the transaction ends.
    public var locking: String {
        switch engine {
        case .postgresql, .mysql: " FOR UPDATE"
        case .sqlite, .sqlServer, .other: ""
        }
    }

    /// Whether `(a, b) > (?, ?)` is known, and finds rows by an index.
    public var comparesRows: Bool { engine == .sqlite || engine == .postgresql }

    /// Whether a statement that fails undoes itself and leaves its transaction as it was.
    public var undoesStatements: Bool { engine != .postgresql }
}
