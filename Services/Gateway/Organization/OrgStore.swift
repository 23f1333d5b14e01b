import Contracts
import Database
import HTTP
import JSON
import ServiceRuntime

/// Organization structures in the database. Each public method is one transaction.
struct OrgStore: Sendable {
    static let structureLimit: Int64 = 200
    static let columns = "id, code, name, kind, version, created, modified"

    let database: Database
    let clock: any WallClock

    // MARK: Reading

    func structure(_ code: String) async throws -> OrgStructure? {
        try await database.read { try OrgStore.structure($0, code) }
    }

    /// In the order of codes, those after `cursor`, without their units.
    func structures(after cursor: String, limit: Int) async throws -> [OrgStructure] {
        try await database.read { connection in
            try connection.query(
                "select \(OrgStore.columns) from org_structure where code > ?"
                    + " order by code limit ?",
                [.text(cursor), .integer(Int64(limit))], OrgStore.structure(of:))
        }
    }

    /// The units that give an account something on `day`, as `structure/unit`.
    func positions(of account: Int64, on day: CalendarDate) async throws -> [String] {
        try await database.pointRead { connection in
            try connection.query(
                OrgStore.positions
                    + " and (org_unit.starts is null or org_unit.starts <= ?)"
                    + " and (org_unit.ends is null or org_unit.ends >= ?) order by 1, 2",
                [.integer(account), .text(day.text), .text(day.text)]
            ) { "\($0.text(0))/\($0.text(1))" }
        }
    }

    private static let positions = """
        select org_structure.code, org_unit.code from org_member
        join org_unit on org_unit.id = org_member.unit
        join org_structure on org_structure.id = org_unit.structure
        where org_member.account = ?
        """

    // MARK: Writing

    /// Creates or changes a structure. What is the same already is not written.
    func save(
        _ code: String, _ input: OrgStructureInput, mode: AccountStore.Mode,
        if precondition: Precondition, by requester: Requester
    ) async throws -> (structure: OrgStructure, created: Bool) {
        let now = clock.now()
        return try await database.write { connection in
            let old = try OrgStore.structure(connection, code)
            if mode == .patch, old == nil { throw Problem.notFound() }
            try precondition.check(existing: old?.version)
            try OrgStore.check(input, against: old)
            let units = try input.units.map { try OrgStore.members(connection, of: $0, input) }
            let isSame =
                old != nil && input.name ?? old?.name == old?.name
                && input.units ?? old?.units == old?.units
            if let old, isSame { return (old, false) }
            let id = try OrgStore.write(connection, code, old, input, now: now)
            if let list = input.units, let units, list != old?.units {
                try OrgStore.replace(connection, structure: id, list, members: units)
            }
            guard let structure = try OrgStore.structure(connection, code) else {
                throw Problem.internalError
            }
            let entry = Audit.Entry(
                old == nil ? .structureCreated : .structureChanged, code,
                changes: structure.changes(since: old))
            try Audit.write(connection, entry, by: requester, at: now)
            return (structure, old == nil)
        }
    }

    func remove(_ code: String, version: Int64, by requester: Requester) async throws {
        let now = clock.now()
        try await database.write { connection in
            guard let old = try OrgStore.structure(connection, code) else {
                throw Problem.notFound()
            }
            try Precondition.matches(version).check(existing: old.version)
            let detail = "\(old.units.count) units"
            try Audit.write(
                connection, Audit.Entry(.structureDeleted, code, detail: detail), by: requester,
                at: now)
            try OrgStore.clear(connection, structure: old.id)
            try connection.run("delete from org_structure where id = ?", [.integer(old.id)])
            try connection.run(
                "insert into org_removal (code, directory) values (?, ?)"
                    + " on conflict (code) do update set directory = excluded.directory",
                [.text(code), .integer(try Directory.next(connection))])
        }
    }
}

// The statements, inside a transaction.
extension OrgStore {
    static func structure(of row: Row) throws -> OrgStructure {
        OrgStructure(
            id: row.integer(0), code: row.text(1), name: try Role.names(row.text(2)),
            kind: OrgStructure.Kind(rawValue: row.text(3)) ?? .unit, version: row.integer(4),
            created: Timestamp(milliseconds: row.integer(5)),
            modified: Timestamp(milliseconds: row.integer(6)), units: [])
    }

    static func structure(_ connection: Connection, _ code: String) throws -> OrgStructure? {
        let found = try connection.first(
            "select \(columns) from org_structure where code = ?", [.text(code)],
            structure(of:))
        guard var found else { return nil }
        found.units = try units(connection, ofStructure: found.id)
        return found
    }

    static func units(_ connection: Connection, ofStructure id: Int64) throws
        -> [OrgStructure.Unit]
    {
        var members: [Int64: [String]] = [:]
        try connection.each(
            "select org_member.unit, account.code from org_unit"
                + " join org_member on org_member.unit = org_unit.id"
                + " join account on account.id = org_member.account"
                + " where org_unit.structure = ? order by org_member.unit, org_member.place",
            [.integer(id)]
        ) { row in
            members[row.integer(0), default: []].append(row.text(1))
            return true
        }
        return try connection.query(
            "select id, code, parent, name, starts, ends from org_unit where structure = ?"
                + " order by id", [.integer(id)]
        ) { row in
            OrgStructure.Unit(
                code: row.text(1), parent: row.optionalText(2), name: try Role.names(row.text(3)),
                members: members[row.integer(0)] ?? [],
                from: row.optionalText(4).flatMap { CalendarDate($0) },
                until: row.optionalText(5).flatMap { CalendarDate($0) })
        }
    }

    private static func check(_ input: OrgStructureInput, against old: OrgStructure?) throws {
        guard let old else { return }
        if let kind = input.kind, kind != old.kind {
            throw Problem.validation([
                FieldProblem(
                    pointer: "/kind", code: "conflict",
                    detail: "The kind of a structure stays \(old.kind.rawValue), since columns and"
                        + " grants rely on it; make another structure.")
            ])
        }
        if let fault = input.fault(for: old.kind) { throw Problem.validation([fault]) }
    }

    /// The ids of the members of each unit; every account that is not there is a fault.
    private static func members(
        _ connection: Connection, of units: [OrgStructure.Unit], _ input: OrgStructureInput
    ) throws -> [[Int64]] {
        let named = units.reduce(0) { $0 + $1.members.count }
        var ids: [String: Int64] = [:]
        if named > 100 {
            try connection.each("select code, id from account") { row in
                ids[row.text(0)] = row.integer(1)
                return true
            }
        }
        var faults: [FieldProblem] = []
        let members = try units.enumerated().map { index, unit in
            try unit.members.enumerated().compactMap { place, code -> Int64? in
                if named <= 100, ids[code] == nil {
                    ids[code] = try connection.first(
                        "select id from account where code = ?", [.text(code)]
                    ) { $0.integer(0) }
                }
                if let id = ids[code] { return id }
                if faults.count < 100 {
                    faults.append(
                        FieldProblem(
                            pointer: input.pointer(ofMember: place, in: index),
                            code: "unknown-account", detail: "There is no account \(code)."))
                }
                return nil
            }
        }
        if !faults.isEmpty { throw Problem.validation(faults) }
        return members
    }

    private static func write(
        _ connection: Connection, _ code: String, _ old: OrgStructure?, _ input: OrgStructureInput,
        now: Timestamp
    ) throws -> Int64 {
        let directory = try Directory.next(connection)
        let name = Role.text(of: input.name ?? old?.name ?? ["": code])
        if let old {
            try connection.run(
                "update org_structure set name = ?, version = version + 1, modified = ?,"
                    + " directory = ? where id = ?",
                [
                    .text(name), .integer(now.milliseconds), .integer(directory),
                    .integer(old.id),
                ])
            return old.id
        }
        guard try connection.count("select count(*) from org_structure") < structureLimit else {
            throw Problem.conflict("At most \(structureLimit) organization structures.")
        }
        try connection.run("delete from org_removal where code = ?", [.text(code)])
        return try connection.insert(
            "insert into org_structure (code, name, kind, version, created, modified, directory)"
                + " values (?, ?, ?, 1, ?, ?, ?)",
            [
                .text(code), .text(name), .text((input.kind ?? .unit).rawValue),
                .integer(now.milliseconds), .integer(now.milliseconds), .integer(directory),
            ])
    }

    private static func replace(
        _ connection: Connection, structure: Int64, _ units: [OrgStructure.Unit],
        members: [[Int64]]
    ) throws {
        try clear(connection, structure: structure)
        for (unit, members) in zip(units, members) {
            let id = try connection.insert(
                "insert into org_unit (structure, code, parent, name, starts, ends)"
                    + " values (?, ?, ?, ?, ?, ?)",
                [
                    .integer(structure), .text(unit.code), SQLValue(unit.parent),
                    .text(Role.text(of: unit.name)), SQLValue(unit.from?.text),
                    SQLValue(unit.until?.text),
                ])
            for (place, account) in members.enumerated() {
                try connection.run(
                    "insert into org_member (unit, account, place) values (?, ?, ?)",
                    [.integer(id), .integer(account), .integer(Int64(place))])
            }
        }
    }

    private static func clear(_ connection: Connection, structure: Int64) throws {
        try connection.run(
            "delete from org_member where unit in (select id from org_unit where structure = ?)",
            [.integer(structure)])
        try connection.run("delete from org_unit where structure = ?", [.integer(structure)])
    }
}
