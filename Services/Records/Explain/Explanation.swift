import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// Why each of some accounts may or may not do something with a class: the chain from the class's
/// door over roles and rows to the column. It is read off the same rights and predicates that
/// decide, so that it says what happens.
///
/// It must not tell what may not be known: values of a record are named only to an asker who may
/// read them, and to one who does not oversee accounts a record that it may not know of is no
/// record.
struct Explanation {
    let connection: Connection
    let snapshot: ModelSnapshot
    let recordClass: RecordClass
    let operation: Grant.Operation
    let record: Int64?
    let column: String?
    /// Who asks.
    let asker: Principal
    let now: Timestamp

    func item(_ principal: Principal) throws -> RightsExplained.Item {
        var chain = Chain()
        try explain(principal, &chain)
        return RightsExplained.Item(
            account: principal.account, allowed: chain.isAllowed, reasons: chain.reasons)
    }

    /// The reasons so far, and whether all of them are for it.
    struct Chain {
        var isAllowed = true
        var reasons: [RightsReason] = []

        mutating func add(_ code: String, _ detail: String) {
            reasons.append(RightsReason(code: code, detail: detail))
        }

        mutating func deny(_ code: String, _ detail: String) {
            isAllowed = false
            add(code, detail)
        }
    }

    private func explain(_ principal: Principal, _ chain: inout Chain) throws {
        if principal.isSystem {
            chain.add("platform", "It is the platform itself, which may do everything.")
        } else {
            explainDoor(&chain)
            explainRoles(principal, &chain)
        }
        let access = snapshot.access(of: recordClass, for: principal, through: .api)
        guard let rights = access.rights[operation] else {
            chain.isAllowed = false
            // Who may do nothing here knows of no record and no column either.
            return
        }
        var held: [RowPredicate]?
        if let record {
            held = try explainRecord(record, principal, access, rights, &chain)
            if held == nil { return }
        }
        if let column { explainColumn(column, access, rights, held, &chain) }
    }

    private func explainDoor(_ chain: inout Chain) {
        if recordClass.definition.webAccess {
            chain.add("class-open", "\(recordClass.type) is open to the doors from outside.")
        } else {
            chain.deny(
                "class-closed",
                "\(recordClass.type) is closed to every door from outside: it lacks webAccess.")
        }
    }

    private func explainRoles(_ principal: Principal, _ chain: inout Chain) {
        let model = recordClass.type.model
        guard principal.mayUse(model) else {
            chain.deny("token-narrowed", "Its token is narrowed to other models.")
            return
        }
        let roles = principal.roles(in: model)
        for role in principal.roles where !roles.contains(role) {
            chain.add("role-off", "The role \(role) is switched off in the model \(model).")
        }
        let grants = recordClass.definition.grants.filter {
            roles.contains($0.role) && $0.operations.contains(operation)
        }
        for grant in grants {
            chain.add(
                "role-granted",
                "The role \(grant.role) has \(operation.rawValue) of \(grant.words).")
        }
        if grants.isEmpty {
            let list = roles.isEmpty ? "It has no role" : "None of its roles"
            chain.deny(
                "not-granted",
                "\(list) in the model \(model) that has \(operation.rawValue) of "
                    + "\(recordClass.type.code).")
        }
    }

    /// What holds for the record; nil where the chain ends with it.
    private func explainRecord(
        _ id: Int64, _ principal: Principal, _ access: ClassAccess, _ rights: RowRights,
        _ chain: inout Chain
    ) throws -> [RowPredicate]? {
        let moment = QueryMoment(account: principal.account, now: now)
        let isStanding =
            try connection.count(
                "SELECT count(*) FROM \(recordClass.table) AS r WHERE r.id = ? AND r.deleted = 0"
                    + recordClass.rows.condition("r"), [.integer(id)]) > 0
        let held = try access.held.of(id, connection, moment) ?? []
        let isKnown =
            asker.isOverseer
            || [.read, .change, .delete].contains { access.rights[$0]?.covers(held) ?? false }
        guard isStanding, isKnown else {
            chain.deny("no-record", "There is no such record, or none that it may know of.")
            return nil
        }
        let facts = try RecordFacts(self, id: id)
        guard let rows = rights.rows else {
            chain.add("record-covered", "Every record is covered.")
            return held
        }
        for predicate in rows where held.contains(predicate) {
            chain.add("record-covered", try facts.words(for: predicate, moment))
        }
        guard rights.covers(held) else {
            for predicate in rows {
                chain.add("record-not-covered", try facts.denial(of: predicate, moment))
            }
            chain.isAllowed = false
            return nil
        }
        return held
    }

    private func explainColumn(
        _ code: String, _ access: ClassAccess, _ rights: RowRights, _ held: [RowPredicate]?,
        _ chain: inout Chain
    ) {
        let known = recordClass.positions[code].flatMap { position in
            let reaches = Grant.Operation.allCases.map {
                access.rights[$0]?.columns[position] ?? .nowhere
            }
            return asker.isOverseer || reaches.contains { $0 != .nowhere } ? position : nil
        }
        guard let position = known else {
            chain.deny("unknown-column", "\(code) is no column of the class, or none for it.")
            return
        }
        let isGiven =
            held.map { rights.covers(column: position, $0) }
            ?? (rights.columns[position] != .nowhere)
        if isGiven {
            chain.add("column-granted", "The column \(code) is among those granted.")
        } else {
            chain.deny("column-not-granted", "The column \(code) is not among those granted.")
        }
    }
}

extension Principal {
    /// Whether it may know of others' rights, and so of classes and records that are not its own.
    var isOverseer: Bool { isSystem || permissions.contains("accounts:write") }
}

extension Grant {
    /// Which records, and of them what.
    fileprivate var words: String {
        let records = rows?.words ?? "every record"
        guard let columns else { return records }
        return "\(records), of it the columns \(columns.joined(separator: ", "))"
    }
}

extension RowPredicate {
    fileprivate var words: String {
        let name = column ?? "creator"
        return switch scope {
        case .own: "each record whose \(name) is the account"
        case .unit: "each record whose \(name) is one of its units"
        case .subtree: "each record whose \(name) is one of its units or below one"
        }
    }
}
