import RPC

/// What one operation may touch: which rows, and of which rows which columns.
struct RowRights: Sendable, Hashable {
    /// Where a column may be used.
    enum Reach: Sendable, Hashable {
        case everywhere
        /// In the rows that the account created.
        case ownRows
        case nowhere
    }

    /// False: only the account's own rows.
    private(set) var allRows = false
    private(set) var columns: [Reach]

    /// Everything, for the platform itself.
    static func everything(_ count: Int) -> RowRights {
        RowRights(allRows: true, columns: Array(repeating: .everywhere, count: count))
    }

    private init(allRows: Bool, columns: [Reach]) {
        self.allRows = allRows
        self.columns = columns
    }

    /// Nil where no grant gives the operation. Grants add up: a column that one grant gives for own
    /// rows and another for all is given for all.
    init?(_ operation: Grant.Operation, of definition: ClassDefinition, roles: [String]) {
        let grants = definition.grants.filter {
            roles.contains($0.role) && $0.operations.contains(operation)
        }
        guard !grants.isEmpty else { return nil }
        allRows = grants.contains { $0.rows == .all }
        let sees = { (code: String, grant: Grant) in grant.columns?.contains(code) ?? true }
        let all = grants.filter { $0.rows == .all }
        columns = definition.columns.map { column in
            if all.contains(where: { sees(column.code, $0) }) { return .everywhere }
            guard grants.contains(where: { sees(column.code, $0) }) else { return .nowhere }
            return .ownRows
        }
        // Where only own rows are given at all, a column of own rows is a column of every row
        // given.
        if !allRows { columns = columns.map { $0 == .ownRows ? .everywhere : $0 } }
    }

    /// Whether some column is given for own rows only, so that rows differ in what they show.
    var differsByRow: Bool { columns.contains(.ownRows) }

    func covers(isOwn: Bool) -> Bool { allRows || isOwn }

    func covers(column: Int, isOwn: Bool) -> Bool {
        switch columns[column] {
        case .everywhere: allRows || isOwn
        case .ownRows: isOwn
        case .nowhere: false
        }
    }

    /// The condition on rows, or nothing where all are given.
    func condition(alias: String) -> SQLText? {
        allRows ? nil : "\(alias).creator = " + SQLText(.me)
    }
}

/// What a set of roles may do with a class. Grants are compiled once for each set.
struct ClassRights: Sendable {
    let operations: Set<Grant.Operation>
    let read: RowRights?
    let insert: RowRights?
    let change: RowRights?
    let delete: RowRights?

    init(_ definition: ClassDefinition, roles: [String], isSystem: Bool) {
        let count = definition.columns.count
        func rights(_ operation: Grant.Operation) -> RowRights? {
            isSystem
                ? .everything(count)
                : RowRights(operation, of: definition, roles: roles)
        }
        operations = Set(Grant.Operation.allCases.filter { rights($0) != nil })
        read = rights(.read)
        insert = rights(.insert)
        change = rights(.change)
        delete = rights(.delete)
    }
}
