import Contracts
import Database
import RPC
import Synchronization

/// A class as it stands: its definition, its table, and what each set of roles may do with it.
final class RecordClass: Sendable {
    /// Sets of roles whose compiled rights are kept.
    static let rightsLimit = 512

    /// As the change log names it, never given twice.
    let number: Int64
    let type: FullCode
    let definition: ClassDefinition
    /// Of the family.
    let table: String
    /// The number in the table's name.
    let rootNumber: Int64
    /// Which rows of the table are its records: its own and those of the classes below it. Every
    /// statement over the table has this condition.
    let rows: ClassRows
    /// Of the engine that has the table.
    let dialect: Dialect
    /// Whether a record says of which class it is, as it does in a family of several.
    let hasClassColumn: Bool
    /// As a list of SQL: the numbers under which the change log has its records.
    let numbersSQL: String
    let insertSQL: String
    /// Of a server: inserts several, with an array of values for each column.
    let arrivalSQL: String
    /// The position of each column by its code.
    let positions: [String: Int]
    /// The positions of the columns that are stored, of those that the platform makes, of those
    /// that a write looks up or guards, and of those of files: worked out once, and not for each
    /// record.
    let storedColumns: [Int]
    let guidColumns: [Int]
    let sequenceColumns: [Int]
    let guardedColumns: [Int]
    let fileColumns: [Int]

    private let accesses = Mutex<[RoleSet: ClassAccess]>([:])

    /// What of a principal decides on rights. Not its roles in this model alone: what is kept with
    /// them follows references to classes of other models.
    private struct RoleSet: Hashable {
        let roles: [String]
        let rolesOff: [String]?
        let models: [String]?
        let isSystem: Bool
        let isOutside: Bool
        let purpose: ClassRights.Purpose?

        init(_ principal: Principal, isOutside: Bool, _ purpose: ClassRights.Purpose?) {
            self.purpose = purpose
            isSystem = principal.isSystem
            self.isOutside = isOutside && !isSystem
            roles = isSystem ? [] : principal.roles
            rolesOff = isSystem ? nil : principal.rolesOff
            models = isSystem ? nil : principal.models
        }
    }

    init(_ member: ClassFamily.Member, of family: ClassFamily, _ dialect: Dialect) {
        self.dialect = dialect
        number = member.number
        type = member.type
        definition = member.definition
        table = family.table
        rootNumber = family.root.number
        rows = family.rows(of: type.code) ?? ClassRows(table: family.table, classes: nil)
        hasClassColumn = family.hasClassColumn
        numbersSQL = family.line(of: type.code).map { String($0.number) }.joined(separator: ", ")
        insertSQL = ClassTable.insertSQL(member, of: family)
        arrivalSQL = ClassTable.arrivalSQL(member, of: family)
        let columns = member.definition.columns
        func places(_ isOne: (ColumnDefinition) -> Bool) -> [Int] {
            columns.indices.filter { isOne(columns[$0]) }
        }
        storedColumns = places { $0.type != .computed }
        guidColumns = places { $0.type == .guid && !$0.many }
        sequenceColumns = places { $0.sequence != nil }
        guardedColumns = places {
            $0.readOnly || [.reference, .account, .unit].contains($0.type)
        }
        fileColumns = places { $0.type == .file }
        positions = Dictionary(
            definition.columns.enumerated().map { ($1.code, $0) }, uniquingKeysWith: { a, _ in a })
    }

    /// What the principal's roles may do here, compiled once for each set of roles. `target` is
    /// what may be read of a class that records refer to; it must not ask a class for its own.
    func access(
        for principal: Principal, isOutside: Bool, purpose: ClassRights.Purpose?,
        target: @escaping (FullCode) -> (RecordClass, RowRights)?
    ) -> ClassAccess {
        let key = RoleSet(principal, isOutside: isOutside, purpose)
        return accesses.withLock { kept in
            if let known = kept[key] { return known }
            if kept.count >= RecordClass.rightsLimit { kept.removeAll(keepingCapacity: true) }
            let fresh = ClassAccess(
                self, roles: principal.roles(in: type.model), isSystem: key.isSystem,
                purpose: purpose, target: target)
            kept[key] = fresh
            return fresh
        }
    }
}

/// A class through the eyes of a set of roles, with the plans that were made for it.
final class ClassAccess: Sendable {
    /// Plans that differ in `select` and `expand`, kept for each set of roles.
    static let planLimit = 128

    let recordClass: RecordClass
    let rights: ClassRights
    let held: HeldPredicates
    /// The plan of a whole record, nothing expanded; nil where nothing may be read.
    let plan: RecordPlan?
    /// Finds out whether the rows that may be read are few; nil where that does not matter.
    let reach: RowReach?

    private let plans = Mutex<[PlanKey: RecordPlan]>([:])

    private struct PlanKey: Hashable {
        let select: [String]?
        let expand: [String]
        let deleted: DeletedRows
    }

    init(
        _ recordClass: RecordClass, roles: [String], isSystem: Bool,
        purpose: ClassRights.Purpose?,
        target: @escaping (FullCode) -> (RecordClass, RowRights)?
    ) {
        self.recordClass = recordClass
        rights = ClassRights(
            recordClass.definition, roles: roles, isSystem: isSystem, purpose: purpose)
        held = HeldPredicates(recordClass, rights)
        plan = rights.read.map { RecordPlan(recordClass, $0, target: target) }
        reach = rights.read.flatMap { RowReach(recordClass, $0) }
    }

    /// The columns of the API view that the caller may read.
    var viewColumns: [String] {
        let columns = rights.read.map { rights in
            zip(recordClass.definition.columns, rights.columns).filter { $1 != .nowhere }
                .map(\.0.code)
        }
        return SystemColumn.allCases.map(\.rawValue) + (columns ?? [])
    }

    /// The plan for a selection; nil where the class may not be read.
    func plan(
        select: [String]?, expand: [String]?, deleted: DeletedRows = .hidden,
        context: CallContext, in snapshot: ModelSnapshot
    ) throws -> RecordPlan? {
        guard let read = rights.read,
            select != nil || !(expand ?? []).isEmpty || deleted != .hidden
        else { return plan }
        guard deleted == .hidden || rights.delete != nil else {
            throw RecordsError.forbidden("You may not see deleted records.")
        }
        let key = PlanKey(select: select, expand: expand ?? [], deleted: deleted)
        if let known = plans.withLock({ $0[key] }) { return known }
        let fresh = try RecordPlan(
            recordClass, read, select: select, expand: expand ?? [], deleted: deleted,
            delete: rights.delete, target: snapshot.targets(for: context))
        plans.withLock { kept in
            if kept.count >= ClassAccess.planLimit { kept.removeAll(keepingCapacity: true) }
            kept[key] = fresh
        }
        return fresh
    }
}
