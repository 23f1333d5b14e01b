import Contracts

/// What applying a definition over another does to the tables.
struct ModelChange: Sendable {
    var added: [ClassDefinition] = []
    var changed: [ClassChange] = []
    /// Codes of classes that go.
    var dropped: [String] = []

    init(from old: [ClassDefinition], to new: [ClassDefinition]) {
        for definition in new {
            guard let before = old.first(where: { $0.code == definition.code }) else {
                added.append(definition)
                continue
            }
            if before != definition {
                changed.append(ClassChange(from: before, to: definition))
            }
        }
        dropped = old.map(\.code).filter { code in !new.contains { $0.code == code } }
    }

    var isEmpty: Bool { added.isEmpty && changed.isEmpty && dropped.isEmpty }
}

/// What becomes of one class.
struct ClassChange: Sendable {
    let old: ClassDefinition
    let new: ClassDefinition
    var added: [ColumnDefinition] = []
    var dropped: [ColumnDefinition] = []
    /// Of another type now: the old values cannot stay.
    var retyped: [ColumnDefinition] = []
    /// Values stay; the default, which is part of the table, is another.
    var redefaulted: [ColumnDefinition] = []
    /// Must have a value now and needed none before.
    var newlyRequired: [ColumnDefinition] = []
    /// Sets of columns whose values must be there once now; their columns stood before.
    var newlyUnique: [[String]] = []

    init(from old: ClassDefinition, to new: ClassDefinition) {
        self.old = old
        self.new = new
        for column in new.columns {
            guard let before = old.column(column.code) else {
                added.append(column)
                continue
            }
            if !column.keepsValues(of: before) {
                retyped.append(column)
                continue
            }
            if before.defaultValue != column.defaultValue { redefaulted.append(column) }
            if column.required, !before.required { newlyRequired.append(column) }
        }
        dropped = old.columns.filter { column in !new.columns.contains { $0.code == column.code } }
        let fresh = Set((added + retyped).map(\.code))
        newlyUnique = new.uniqueKeys.filter {
            !old.uniqueKeys.contains($0) && fresh.isDisjoint(with: $0)
        }
    }
}

/// Something that a document would destroy, with how much of it there is.
struct DestructiveChange: Sendable, Hashable {
    enum Operation: String, Sendable { case drop, retype }
    enum Kind: String, Sendable { case `class`, column }

    var operation: Operation
    var kind: Kind
    /// `ticket`, `ticket.body`.
    var code: String
    /// Rows of a class, or rows with a value in the column; deleted records count too.
    var rows: Int64

    var sentence: String {
        let what = "\(kind.rawValue) \(code) with \(rows) \(rows == 1 ? "row" : "rows")"
        return operation == .drop ? "\(what) would go" : "\(what) would lose its values"
    }
}
