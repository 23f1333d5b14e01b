import Contracts

/// What applying a definition over another does to the tables.
struct ModelChange: Sendable {
    /// Codes of classes that come; one with a parent joins the table of its family.
    var added: [String] = []
    /// Codes of classes that go.
    var dropped: [String] = []
    /// The families that stand before and after, in the order of the new definition.
    var changed: [FamilyChange] = []

    init(model: String, from old: [ClassFamily], to new: [ClassDefinition]) {
        let standing = old.flatMap(\.members)
        let codes = Set(standing.map(\.type.code))
        added = new.map(\.code).filter { !codes.contains($0) }
        let wanted = Set(new.map(\.code))
        dropped = standing.map(\.type.code).filter { !wanted.contains($0) }
        // New classes have no numbers yet; for what differs any will do.
        var numbers: [String: Int64] = [:]
        for item in new { numbers[item.code] = 0 }
        for member in standing { numbers[member.type.code] = member.number }
        for family in ClassFamily.families(model, new, numbers: numbers) {
            guard let before = old.first(where: { $0.root.type == family.root.type }) else {
                continue
            }
            changed.append(FamilyChange(from: before, to: family))
        }
    }
}

/// A column of a family whose values are written anew.
struct FamilyColumnChange: Sendable {
    let column: FamilyColumn
    let conversion: ColumnConversion
}

/// What becomes of the table of a family.
struct FamilyChange: Sendable {
    let old: ClassFamily
    let new: ClassFamily
    var added: [FamilyColumn] = []
    var dropped: [FamilyColumn] = []
    /// Of another type or form now.
    var converted: [FamilyColumnChange] = []
    /// Values stay; what the table says of the column, such as its default, is another.
    var redefined: [FamilyColumn] = []
    /// Columns that stay and that some classes, which stay as well, have no longer.
    var lost: [(column: FamilyColumn, classes: [FullCode])] = []
    /// Columns that stay and that some classes have newly.
    var gained: [(column: FamilyColumn, classes: [FullCode])] = []
    /// Computed columns hold nothing of their own. These go or are made anew, the last first, so
    /// that none is missed by another.
    var uncomputed: [FamilyColumn] = []
    /// And these come or come again, in order.
    var computed: [FamilyColumn] = []
    /// Classes of the family that go, while the family stays.
    var droppedClasses: [ClassFamily.Member] = []

    init(from old: ClassFamily, to new: ClassFamily) {
        self.old = old
        self.new = new
        let stays = Set(new.members.map(\.type))
        droppedClasses = old.members.filter { !stays.contains($0.type) }
        let before = Dictionary(
            old.storedColumns.map { ($0.column.code, $0) }, uniquingKeysWith: { a, _ in a })
        let after = new.storedColumns
        for column in after {
            guard let standing = before[column.column.code] else {
                added.append(column)
                continue
            }
            let owners = Set(column.owners)
            let had = Set(standing.owners)
            let losers = standing.owners.filter { stays.contains($0) && !owners.contains($0) }
            if !losers.isEmpty { lost.append((column, losers)) }
            let winners = column.owners.filter { !had.contains($0) }
            if !winners.isEmpty { gained.append((column, winners)) }
            if case .kept = ColumnFate(from: standing.column, to: column.column) {
                if standing.plainSQL != column.plainSQL { redefined.append(column) }
            } else {
                converted.append(
                    FamilyColumnChange(
                        column: column,
                        conversion: ColumnConversion(old: standing.column, new: column.column)))
            }
        }
        let codes = Set(after.map(\.column.code))
        dropped = old.storedColumns.filter { !codes.contains($0.column.code) }
        compareComputed()
    }

    private mutating func compareComputed() {
        var touched = Set((dropped + converted.map(\.column) + redefined).map(\.column.code))
        let after = new.columns.filter { $0.column.type == .computed }
        for item in old.columns {
            guard let value = item.column.computed else { continue }
            let next = after.first { $0.column.code == item.column.code }
            if next?.column.computed != value || !touched.isDisjoint(with: value.uses) {
                touched.insert(item.column.code)
                uncomputed.insert(item, at: 0)
            }
        }
        let standing = Set(old.columns.filter { $0.column.type == .computed }.map(\.column.code))
        computed = after.filter {
            !standing.contains($0.column.code) || touched.contains($0.column.code)
        }
    }
}
