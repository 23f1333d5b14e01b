import Database
import RPC

/// What a list is narrowed to: conditions that all hold, with their values.
struct Conditions: Sendable {
    private var texts: [String] = []
    private(set) var values: [SQLValue] = []

    mutating func add(_ text: String, _ values: SQLValue...) { add(text, values) }

    mutating func add(_ text: String, _ values: [SQLValue]) {
        texts.append(text)
        self.values += values
    }

    /// ` where …`, or nothing.
    var clause: String { texts.isEmpty ? "" : " where " + texts.joined(separator: " and ") }

    /// Those before the last one of the page before.
    mutating func add(cursor: String?) throws(WorkflowError) {
        guard let cursor else { return }
        guard let before = Int64(cursor) else { throw .invalidCursor }
        add("id < ?", .integer(before))
    }

    /// Only what a token that is narrowed to models may see: `column` holds full codes.
    mutating func narrow(_ column: String, to principal: Principal) {
        guard let models = principal.narrowing else { return }
        let (text, values) = Conditions.of(column, models)
        add(text, values)
    }

    /// The codes of models are ranges: `helpdesk.` up to `helpdesk/`, the character after the dot.
    static func of(_ column: String, _ models: [String]) -> (String, [SQLValue]) {
        let ranges = models.map { _ in "(\(column) >= ? and \(column) < ?)" }
        return (
            "(\(ranges.joined(separator: " or ")))",
            models.flatMap { [.text("\($0)."), .text("\($0)/")] }
        )
    }
}
