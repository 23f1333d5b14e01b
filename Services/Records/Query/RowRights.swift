/// What one operation may touch: which rows, and of which rows which columns.
struct RowRights: Sendable, Hashable {
    /// Where a column may be used.
    enum Reach: Sendable, Hashable {
        /// In every row that is given.
        case everywhere
        /// In rows where one of these holds.
        case under([RowPredicate])
        case nowhere
    }

    /// The rows where one of these holds; nil is every row.
    let rows: [RowPredicate]?
    /// And one of these too; nil asks for nothing more.
    private let further: [RowPredicate]?
    /// By position of the column.
    let columns: [Reach]
    /// Codes of the columns whose values decide about rows or columns.
    let asked: Set<String>
    /// Whether a row that is given is given with every column.
    private let givesAllColumns: Bool

    /// Everything, for the platform itself.
    static func everything(_ count: Int) -> RowRights {
        RowRights(rows: nil, columns: Array(repeating: .everywhere, count: count))
    }

    private init(
        rows: [RowPredicate]?, further: [RowPredicate]? = nil, columns: [Reach]
    ) {
        self.rows = rows
        self.further = further
        self.columns = columns
        let all = (rows ?? []) + (further ?? []) + RowRights.differences(columns)
        asked = Set(all.compactMap(\.column))
        givesAllColumns = columns.allSatisfy { $0 == .everywhere }
    }

    /// What both give, for what takes two grants. A column that each gives in rows of its own is
    /// given where they name the same predicate: less than both give may be, and never more.
    func and(_ other: RowRights) -> RowRights {
        let columns = zip(columns, other.columns).map { mine, its -> Reach in
            switch (mine, its) {
            case (.nowhere, _), (_, .nowhere): return .nowhere
            case (.everywhere, let reach), (let reach, .everywhere): return reach
            case (.under(let a), .under(let b)):
                let both = a.filter(b.contains)
                return both.isEmpty ? .nowhere : .under(both)
            }
        }
        let isSame = other.rows == nil || other.rows == rows
        return RowRights(
            rows: rows ?? other.rows, further: rows == nil || isSame ? nil : other.rows,
            columns: columns)
    }

    /// Everything that is asked of rows, for their columns too.
    var predicates: [RowPredicate] { (rows ?? []) + (further ?? []) + differences }

    /// Nil where no grant gives the operation. Grants add up: a column is given in the rows of
    /// every grant that names it.
    init?(_ operation: Grant.Operation, of definition: ClassDefinition, roles: [String]) {
        let grants = definition.grants.filter {
            roles.contains($0.role) && $0.operations.contains(operation)
        }
        guard !grants.isEmpty else { return nil }
        let rows = RowRights.union(grants)
        let columns: [Reach] = definition.columns.map { column in
            let giving = grants.filter { $0.columns?.contains(column.code) ?? true }
            guard !giving.isEmpty else { return .nowhere }
            guard let reach = RowRights.union(giving) else { return .everywhere }
            return reach.count == rows?.count ? .everywhere : .under(reach)
        }
        self.init(rows: rows, columns: columns)
    }

    /// The rows of some grants together.
    private static func union(_ grants: [Grant]) -> [RowPredicate]? {
        var result: [RowPredicate] = []
        for grant in grants {
            guard let predicate = grant.rows else { return nil }
            if !result.contains(predicate) { result.append(predicate) }
        }
        return result
    }

    /// The predicates by which rows differ in what they show; none where all show the same.
    var differences: [RowPredicate] { RowRights.differences(columns) }

    private static func differences(_ columns: [Reach]) -> [RowPredicate] {
        var result: [RowPredicate] = []
        for case .under(let predicates) in columns {
            for predicate in predicates where !result.contains(predicate) {
                result.append(predicate)
            }
        }
        return result
    }

    /// Whether a row is given for which `held` hold.
    func covers(_ held: [RowPredicate]) -> Bool {
        (rows?.contains(where: held.contains) ?? true)
            && (further?.contains(where: held.contains) ?? true)
    }

    /// Whether all of such a row is.
    func coversAll(_ held: [RowPredicate]) -> Bool { givesAllColumns && covers(held) }

    /// Whether a column of such a row is.
    func covers(column: Int, _ held: [RowPredicate]) -> Bool {
        switch columns[column] {
        case .everywhere: covers(held)
        case .under(let predicates):
            covers(held) && predicates.contains(where: held.contains)
        case .nowhere: false
        }
    }

    /// The condition on rows, each tested for itself; nothing where all are given.
    func condition(alias: String) -> SQLText? {
        let parts = [rows, further].compactMap { $0 }.map { RowRights.any($0, alias: alias) }
        return parts.isEmpty ? nil : .joined(parts, by: "AND")
    }

    /// The condition as an index can serve it; nil where it cannot, or there is none.
    func seekCondition(alias: String) -> SQLText? {
        guard let rows else { return nil }
        var parts: [SQLText] = []
        for predicate in rows {
            guard let part = predicate.seek(alias: alias) else { return nil }
            parts.append(part)
        }
        let seek = SQLText.joined(parts, by: "OR")
        return further.map { seek + " AND " + RowRights.any($0, alias: alias) } ?? seek
    }

    /// True in rows where one of the predicates holds.
    static func any(_ predicates: [RowPredicate], alias: String) -> SQLText {
        .joined(predicates.map { $0.check(alias: alias) }, by: "OR")
    }
}
