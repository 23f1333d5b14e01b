/// What a set of roles may do with a class. Grants are compiled once for each set.
struct ClassRights: Sendable {
    private let rights: [Grant.Operation: RowRights]
    let operations: Set<Grant.Operation>
    let read: RowRights?
    let insert: RowRights?
    let change: RowRights?
    let delete: RowRights?
    /// Everything that the grants ask of rows, whatever the operation.
    let predicates: [RowPredicate]

    init(_ definition: ClassDefinition, roles: [String], isSystem: Bool) {
        var rights: [Grant.Operation: RowRights] = [:]
        var predicates: [RowPredicate] = []
        for operation in Grant.Operation.allCases {
            let given =
                isSystem
                ? RowRights.everything(definition.columns.count)
                : RowRights(operation, of: definition, roles: roles)
            rights[operation] = given
            // The predicates of columns are among those of rows, or the rows are all.
            for predicate in (given?.rows ?? []) + (given?.differences ?? [])
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
