import Contracts
import Database

/// Classes that share one table: a class without a parent and all that inherit from it. A class
/// that nothing inherits from is a family of one.
struct ClassFamily: Sendable {
    /// How far a class may stand below the root of its family.
    static let depthLimit = 8

    struct Member: Sendable {
        /// Of the class; the change log names it by this.
        let number: Int64
        let type: FullCode
        let definition: ClassDefinition
    }

    /// The root first, parents before their children.
    let members: [Member]

    var root: Member { members[0] }
    /// `DataRow_<number of the root>`.
    var table: String { ClassTable.name(root.number) }
    /// Whether each row says of which class it is, in the column `class`.
    var hasClassColumn: Bool { members.count > 1 }

    /// The families of a model; a class without a number, which has no table yet, is left out.
    static func families(
        _ model: String, _ classes: [ClassDefinition], numbers: [String: Int64]
    ) -> [ClassFamily] {
        let children = Dictionary(grouping: classes.filter { $0.parent != nil }) {
            $0.parent ?? ""
        }
        return classes.filter { $0.parent == nil }.compactMap { root in
            var order = [root]
            var next = 0
            while next < order.count {
                order += children[order[next].code] ?? []
                next += 1
            }
            let members = order.compactMap { definition in
                numbers[definition.code].map {
                    Member(
                        number: $0, type: FullCode(model: model, code: definition.code),
                        definition: definition)
                }
            }
            return members.isEmpty ? nil : ClassFamily(members: members)
        }
    }

    /// The member itself and all below it.
    func line(of code: String) -> [Member] {
        var codes: Set<String> = [code]
        return members.filter { member in
            let isIn =
                member.type.code == code
                || member.definition.parent.map { codes.contains($0) } ?? false
            if isIn { codes.insert(member.type.code) }
            return isIn
        }
    }

    /// Where the records of a class are; nil where the class is of another family.
    func rows(of code: String) -> ClassRows? {
        guard members.contains(where: { $0.type.code == code }) else { return nil }
        return ClassRows(
            table: table,
            classes: code == root.type.code ? nil : line(of: code).map(\.type.description))
    }

    /// Columns, alone or together, whose values only one record may have.
    var uniqueKeys: [[String]] {
        var keys: [[String]] = []
        for key in members.flatMap(\.definition.uniqueKeys) where !keys.contains(key) {
            keys.append(key)
        }
        return keys
    }

    /// Those that hold something of their own.
    var storedColumns: [FamilyColumn] { columns.filter { $0.column.type != .computed } }

    /// Each column of the table once, in the order of the members.
    var columns: [FamilyColumn] {
        var result: [FamilyColumn] = []
        var places: [String: Int] = [:]
        for member in members {
            for column in member.definition.columns {
                if let place = places[column.code] {
                    result[place].owners.append(member.type)
                } else {
                    places[column.code] = result.count
                    result.append(
                        FamilyColumn(
                            column: column, owners: [member.type],
                            isOfAll: member.type == root.type))
                }
            }
        }
        return result
    }
}

/// A column of a family's table and the classes that have it.
struct FamilyColumn: Sendable {
    var column: ColumnDefinition
    /// The class that brings it first.
    var owners: [FullCode]
    /// The root has it, so that every row does. Only then the table itself knows its default.
    var isOfAll: Bool

    /// `inventory.laptop.serial`, for messages.
    var name: String { "\(owners.first?.description ?? "").\(column.code)" }

    /// `"status" TEXT DEFAULT 'new'`.
    func sql(_ dialect: Dialect) -> String {
        guard let computed = column.computed else { return plainSQL }
        return ClassTable.computedSQL(column, computed, dialect)
    }

    /// As `sql`, of a column that is not computed.
    var plainSQL: String { ClassTable.columnSQL(column, hasDefault: isOfAll) }

    /// Whether a row is of a class that has the column.
    func condition(_ alias: String) -> String {
        guard !isOfAll else { return "1 = 1" }
        let list = owners.map { literal($0.description) }.joined(separator: ", ")
        return "\(alias).class IN (\(list))"
    }
}

/// Which rows of which table are the records of a class: all of it, or those of the class itself
/// and of the classes below it.
struct ClassRows: Sendable, Hashable {
    let table: String
    /// As the column `class` has them; nil where every row is meant.
    let classes: [String]?

    /// What is added to the condition of every statement over the class; empty where every row is
    /// one of it.
    func condition(_ alias: String) -> String {
        guard let classes else { return "" }
        if classes.count == 1 { return " AND \(alias).class = \(literal(classes[0]))" }
        return " AND \(alias).class IN (\(classes.map(literal).joined(separator: ", ")))"
    }
}
