/// What a grant asks of a row: that it belongs to the account or to one of its units. As SQL it is
/// true, false or (where the column is empty) unknown, which counts as false.
struct RowPredicate: Sendable, Hashable {
    enum Scope: Sendable, Hashable {
        /// The account itself.
        case own
        /// A unit of this structure that the account is a member of.
        case unit(structure: String)
        /// The same, or a unit below one.
        case subtree(structure: String)
    }

    var scope: Scope
    /// The account or unit column; nil is the creator.
    var column: String?
    /// Whether the column has many values, of which one is enough.
    var isMany = false

    /// What the account itself created.
    static let created = RowPredicate(scope: .own)

    /// The test of one row, by a few look-ups however many units the account reaches.
    func check(alias: String) -> SQLText {
        let column = sqlColumn(alias)
        guard isMany else { return test(column) }
        return "EXISTS (SELECT 1 FROM json_each(\(column)) AS v WHERE " + test("v.value") + ")"
    }

    /// The same for an index on the column to serve; nil where none can.
    func seek(alias: String) -> SQLText? {
        guard !isMany else { return nil }
        switch scope {
        case .own: return check(alias: alias)
        case .unit(let structure):
            return "\(sqlColumn(alias)) IN (SELECT m.unit FROM " + RowPredicate.units(of: structure)
                + ")"
        case .subtree(let structure):
            return "\(sqlColumn(alias)) IN (SELECT c.unit FROM "
                + RowPredicate.subtrees(of: structure) + ")"
        }
    }

    /// What a value must be, for who tried another.
    var hint: String {
        switch scope {
        case .own: "This must be you."
        case .unit: "This must be one of your units."
        case .subtree: "This must be one of your units or below one."
        }
    }

    private func sqlColumn(_ alias: String) -> String {
        "\(alias).\(column.map(quoted) ?? "creator")"
    }

    private func test(_ value: String) -> SQLText {
        switch scope {
        case .own: "\(value) = " + SQLText(.me)
        case .unit(let structure):
            "EXISTS (SELECT 1 FROM " + RowPredicate.units(of: structure)
                + " AND m.unit = \(value))"
        case .subtree(let structure):
            "EXISTS (SELECT 1 FROM " + RowPredicate.subtrees(of: structure)
                + " AND c.unit = \(value))"
        }
    }

    /// The account's own units today, as `m`.
    static func units(of structure: String) -> SQLText {
        "org_member AS m WHERE m.account = " + SQLText(.me)
            + " AND m.structure = \(literal(structure)) AND m.valid_from <= " + SQLText(.today)
            + " AND m.valid_until >= " + SQLText(.today)
    }

    /// Its own and subordinate units today, as `c`. The order of the join is told, since an account
    /// has few units and a unit may have many above it.
    static func subtrees(of structure: String) -> SQLText {
        "org_member AS m CROSS JOIN org_closure AS c WHERE m.account = " + SQLText(.me)
            + " AND m.structure = \(literal(structure)) AND c.structure = m.structure"
            + " AND c.ancestor = m.unit AND c.valid_from <= " + SQLText(.today)
            + " AND c.valid_until >= " + SQLText(.today)
    }
}
