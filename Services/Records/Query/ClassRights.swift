/// What a set of roles may do with a class. Grants are compiled once for each set.
struct ClassRights: Sendable {
    /// What is done with the records, where that takes a grant of its own.
    enum Purpose: Sendable, Hashable {
        /// Read for a file: what the grants to read and to export both give.
        case exporting
        /// Written from one: what `import` gives too.
        case importing
    }

    private let rights: [Grant.Operation: RowRights]
    let operations: Set<Grant.Operation>
    let read: RowRights?
    let insert: RowRights?
    let change: RowRights?
    let delete: RowRights?
    /// Everything that the grants ask of rows, whatever the operation.
    let predicates: [RowPredicate]

    init(
        _ definition: ClassDefinition, roles: [String], isSystem: Bool, purpose: Purpose? = nil
    ) {
        var rights: [Grant.Operation: RowRights] = [:]
        var predicates: [RowPredicate] = []
        for operation in Grant.Operation.allCases {
            let given =
                isSystem
                ? RowRights.everything(definition.columns.count)
                : RowRights(operation, of: definition, roles: roles)
            rights[operation] = given
        }
        switch purpose {
        case .exporting: rights.narrow([.read], by: .export)
        case .importing: rights.narrow([.insert, .change], by: .import)
        case nil: break
        }
        for operation in Grant.Operation.allCases {
            for predicate in rights[operation]?.predicates ?? []
            where !predicates.contains(predicate) {
                predicates.append(predicate)
            }
        }
        self.rights = rights
        self.predicates = predicates
        operations = Set(rights.keys)
        read = rights[.read]
        insert = rights[.insert]
        change = rights[.change]
        delete = rights[.delete]
    }

    subscript(operation: Grant.Operation) -> RowRights? { rights[operation] }
}

extension [Grant.Operation: RowRights] {
    /// Leaves of some operations what another gives too.
    fileprivate mutating func narrow(_ operations: [Grant.Operation], by other: Grant.Operation) {
        let other = self[other]
        for operation in operations {
            self[operation] = self[operation].flatMap { mine in other.map { mine.and($0) } }
        }
    }
}
