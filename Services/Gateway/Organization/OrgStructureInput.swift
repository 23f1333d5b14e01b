import Contracts
import HTTP
import JSON
import ServiceRuntime

/// What callers send about a structure, read with every fault at once; what only the database
/// knows (whether an account exists) is seen there.
struct OrgStructureInput: Sendable {
    static let unitLimit = 20_000
    /// Of one structure, over all its units.
    static let memberLimit = 100_000
    /// Levels of units.
    static let depthLimit = 30

    /// Nil leaves what stands.
    var name: [String: String]?
    var kind: OrgStructure.Kind?
    var units: [OrgStructure.Unit]?
    /// Whether the units came as `people`, as a structure of managers has them.
    var isPeople = false

    /// `isWhole`: a PUT, where what is not named gets its default; otherwise a PATCH.
    init(_ value: JSONValue, code: String, isWhole: Bool) throws {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(value, at: "", problems: problems)
        let has = { (key: String) in reader.object[key] != nil }
        if isWhole || has("name") { name = reader.texts("name", required: true) }
        if isWhole || has("kind") {
            let kinds = OrgStructure.Kind.allCases.map(\.rawValue)
            kind = reader.word("kind", of: kinds, default: nil)
                .flatMap(OrgStructure.Kind.init(rawValue:))
        }
        isPeople = has("people")
        if has("people"), has("units") {
            reader.fault("people", "conflict", "A structure has units or people, not both.")
        }
        if isPeople {
            units = OrgStructureInput.people(reader)
        } else if isWhole || has("units") {
            units = OrgStructureInput.units(reader)
        }
        reader.ignore("units", "people")
        AccountInput.finish(reader, code: code)
        if isWhole, units?.isEmpty == true, kind == .manager { isPeople = true }
        if let kind, let fault = fault(for: kind) {
            problems.add(fault.pointer, fault.code, fault.detail)
        }
        if problems.items.isEmpty, let units {
            OrgTree.check(units, isPeople: isPeople, problems: problems)
        }
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
    }

    /// What is wrong where the structure is of this kind: its shape must be that of the kind.
    func fault(for kind: OrgStructure.Kind) -> FieldProblem? {
        guard units != nil, isPeople != (kind == .manager) else { return nil }
        return FieldProblem(
            pointer: isPeople ? "/people" : "/units", code: "not-allowed",
            detail: "A structure of kind \(kind.rawValue) has \(kind.member).")
    }

    /// The pointer of a member: in kind `manager` of the person, or of who named it as a manager.
    func pointer(ofMember place: Int, in unit: Int) -> String {
        guard isPeople, let units else { return "/units/\(unit)/members/\(place)" }
        let isListed = !units[..<unit].contains { $0.parent == units[unit].code }
        let index = isListed ? unit : units.firstIndex { $0.parent == units[unit].code } ?? unit
        return "/people/\(index)/\(isListed ? "account" : "manager")"
    }

    private static func units(_ reader: ObjectReader) -> [OrgStructure.Unit] {
        let items = reader.list("units")
        guard items.count <= unitLimit else {
            reader.fault("units", "too-many", "At most \(unitLimit) units in a structure.")
            return []
        }
        var members = 0
        let units = items.map { item in
            let code = item.code()
            let unit = OrgStructure.Unit(
                code: code, parent: item.string("parent"),
                name: item.texts("name") ?? ["": code], members: item.strings("members"),
                from: date(item, "from"), until: date(item, "until"))
            if let from = unit.from, let until = unit.until, until < from {
                item.fault("until", "out-of-range", "It ends before it begins.")
            }
            item.finish()
            members += unit.members.count
            return unit
        }
        if members > memberLimit {
            reader.fault("units", "too-many", "At most \(memberLimit) members in a structure.")
        }
        return units
    }

    /// Who is somebody's manager and not listed stands as a person without one.
    private static func people(_ reader: ObjectReader) -> [OrgStructure.Unit] {
        let items = reader.list("people")
        guard items.count <= unitLimit else {
            reader.fault("people", "too-many", "At most \(unitLimit) people in a structure.")
            return []
        }
        var units = items.map { item in
            let account = item.code("account")
            let manager = item.string("manager")
            item.finish()
            return person(account, manager)
        }
        var known = Set(units.map(\.code))
        for manager in units.compactMap(\.parent) where known.insert(manager).inserted {
            units.append(person(manager, nil))
        }
        return units
    }

    private static func person(_ account: String, _ manager: String?) -> OrgStructure.Unit {
        OrgStructure.Unit(
            code: account, parent: manager, name: ["": account], members: [account], from: nil,
            until: nil)
    }

    private static func date(_ reader: ObjectReader, _ key: String) -> CalendarDate? {
        guard let text = reader.string(key) else { return nil }
        guard let date = CalendarDate(text) else {
            reader.fault(key, "malformed", "A date, such as 2026-11-23.")
            return nil
        }
        return date
    }
}

/// Whether units are a tree: each code once, parents that are there, no cycle, no more levels than
/// `OrgStructureInput.depthLimit`.
enum OrgTree {
    static func check(
        _ units: [OrgStructure.Unit], isPeople: Bool, problems: ObjectReader.Problems
    ) {
        let (list, code, parent) =
            isPeople ? ("/people", "account", "manager") : ("/units", "code", "parent")
        var places: [String: Int] = [:]
        for (index, unit) in units.enumerated() {
            if let first = places[unit.code] {
                problems.add(
                    "\(list)/\(index)/\(code)", "duplicate", "\(list)/\(first) is \(unit.code) too."
                )
            } else {
                places[unit.code] = index
            }
            var seen: Set<String> = []
            for (place, member) in unit.members.enumerated() where !seen.insert(member).inserted {
                problems.add(
                    "\(list)/\(index)/members/\(place)", "duplicate", "\(member) came before.")
            }
        }
        let parents = units.enumerated().map { index, unit -> Int? in
            guard let above = unit.parent else { return nil }
            if let place = places[above] { return place }
            problems.add(
                "\(list)/\(index)/\(parent)", "unknown-unit",
                "The structure has no unit \(above).")
            return nil
        }
        for fault in faults(parents) {
            problems.add(
                "\(list)/\(fault.unit)/\(parent)", fault.isCycle ? "cycle" : "too-deep",
                fault.isCycle
                    ? "\(cycle(from: fault.unit, parents, units)): that is a cycle."
                    : "More than \(OrgStructureInput.depthLimit) levels.")
        }
    }

    /// Each cycle once, at the unit through which it was met, and each unit that is the first too
    /// deep of its branch.
    private static func faults(_ parents: [Int?]) -> [(unit: Int, isCycle: Bool)] {
        var levels = [Int](repeating: 0, count: parents.count)
        var faults: [(unit: Int, isCycle: Bool)] = []
        for start in parents.indices where levels[start] == 0 {
            var path: [Int] = []
            var at: Int? = start
            while let unit = at, levels[unit] == 0 {
                levels[unit] = -1
                path.append(unit)
                at = parents[unit]
            }
            var level = 0
            if let met = at, levels[met] == -1 {
                faults.append((met, true))
            } else if let met = at {
                level = levels[met]
            }
            for unit in path.reversed() {
                level += 1
                levels[unit] = level
                if level == OrgStructureInput.depthLimit + 1 { faults.append((unit, false)) }
            }
        }
        return faults
    }

    private static func cycle(
        from unit: Int, _ parents: [Int?], _ units: [OrgStructure.Unit]
    ) -> String {
        var codes = [units[unit].code]
        var at = parents[unit]
        while let next = at, next != unit, codes.count < 10 {
            codes.append(units[next].code)
            at = parents[next]
        }
        codes.append(at == unit ? units[unit].code : "…")
        return codes.joined(separator: " → ")
    }
}
