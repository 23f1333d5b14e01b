import Contracts
import Database
import JSON

/// What Records takes from a model document.
struct ModelDefinition: Sendable {
    static let classLimit = 300

    var code: String
    var name: [String: String]
    var roles: [String]
    var classes: [ClassDefinition]
    var queries: [QueryDefinition]
    /// Where Workflow must be asked before a save, because the document has rules for it.
    var beforeRules: Set<BeforeRule>

    struct BeforeRule: Sendable, Hashable {
        var type: FullCode
        var moment: RuleMoment
    }

    /// Reads a document and gathers every fault. What is in other services' lists is theirs to
    /// check. Queries are in the engine's own SQL.
    init(
        code: String, document: JSONValue, problems: ObjectReader.Problems, _ dialect: Dialect
    ) {
        let reader = ObjectReader(document, at: "", problems: problems)
        self.code = code
        let ownCode = reader.code()
        if !ownCode.isEmpty, ownCode != code {
            reader.fault("code", "invalid-code", "must be \(code), as in the address")
        }
        if ["datarow", "sqlite"].contains(code) {
            reader.fault("code", "reserved", "is taken by the database")
        }
        name = reader.texts("name") ?? [:]
        roles = reader.strings("roles")
        for (index, role) in roles.enumerated() where !FullCode.isCode(role) {
            problems.add(
                "/roles/\(index)", "invalid-code", "must be a lower-case code, such as agent")
        }
        reader.ignore(
            "rules", "scripts", "workflows", "events", "jobs", "mailboxes", "notifications",
            "distributionGroups", "imports", "exports", "syncs")
        let queryReaders = reader.list("queries")
        if queryReaders.count > QueryDefinition.queryLimit {
            reader.fault(
                "queries", "too-many", "has more than \(QueryDefinition.queryLimit) queries")
        }
        let list = reader.list("classes")
        if list.count > ModelDefinition.classLimit {
            reader.fault(
                "classes", "too-many", "has more than \(ModelDefinition.classLimit) classes")
        }
        beforeRules = ModelDefinition.beforeRules(of: document, model: code)
        classes = []
        queries = []
        readClasses(list)
        let roles = roles
        queries = queryReaders.map { QueryDefinition(reading: $0, roles: roles, dialect) }
        reader.finish()
        for (index, item) in queries.enumerated()
        where queries[..<index].contains(where: { $0.code == item.code && !$0.code.isEmpty }) {
            problems.add("/queries/\(index)/code", "repeated", "is the code of an earlier query")
        }
        for (index, item) in classes.enumerated()
        where classes[..<index].contains(where: { $0.code == item.code && !$0.code.isEmpty }) {
            problems.add("/classes/\(index)/code", "repeated", "is the code of an earlier class")
        }
        checkFamilies(problems)
    }

    /// Parents are read before their children, whatever their order; the result has the order of
    /// the document.
    private mutating func readClasses(_ list: [ObjectReader]) {
        let places = Dictionary(
            list.indices.reversed().compactMap { index in
                list[index].object["code"]?.string.map { ($0, index) }
            }, uniquingKeysWith: { $1 })
        var read: [Int: ClassDefinition] = [:]
        var depths: [Int: Int] = [:]
        for index in list.indices {
            // The line of ancestors from here up to one that is read, or to the root.
            var line = [index]
            while let code = list[line[line.count - 1]].object["parent"]?.string {
                let child = list[line[line.count - 1]]
                guard let place = places[code] else {
                    child.fault("parent", "unknown-class", "There is no class \(code) here.")
                    break
                }
                if line.contains(place) {
                    child.fault("parent", "cycle", "\(code) inherits from this class.")
                    break
                }
                line.append(place)
                if read[place] != nil { break }
            }
            for place in line.reversed() where read[place] == nil {
                let parent = list[place].object["parent"]?.string.flatMap { places[$0] }
                let depth = (parent.flatMap { depths[$0] } ?? -1) + 1
                depths[place] = depth
                if depth > ClassFamily.depthLimit {
                    list[place].fault(
                        "parent", "too-deep",
                        "A class has at most \(ClassFamily.depthLimit) ancestors.")
                }
                read[place] = ClassDefinition(
                    reading: list[place], model: code, roles: roles,
                    parent: parent.flatMap { read[$0] })
            }
        }
        classes = list.indices.compactMap { read[$0] }
    }

    /// Classes of one family share a table: what they call alike must be alike.
    private func checkFamilies(_ problems: ObjectReader.Problems) {
        var numbers: [String: Int64] = [:]
        for (index, item) in classes.enumerated() { numbers[item.code] = Int64(index) }
        for family in ClassFamily.families(code, classes, numbers: numbers)
        where family.hasClassColumn {
            let columns = family.columns
            if columns.count > ClassDefinition.columnLimit {
                problems.add(
                    "/classes/\(family.root.number)/columns", "too-many",
                    "With all that inherit from it, the class has more than "
                        + "\(ClassDefinition.columnLimit) columns.")
            }
            let byCode = Dictionary(
                columns.map { ($0.column.code, $0) }, uniquingKeysWith: { a, _ in a })
            for member in family.members {
                let own = member.definition.columns.enumerated().dropFirst(
                    member.definition.inheritedCount)
                for (position, column) in own {
                    guard let first = byCode[column.code], first.owners.first != member.type,
                        !column.isAlike(first.column)
                    else { continue }
                    let place = position - member.definition.inheritedCount
                    problems.add(
                        "/classes/\(member.number)/columns/\(place)", "contradiction",
                        "is defined otherwise in \(first.owners[0].code), which shares a table "
                            + "with this class; define both alike, or choose another code")
                }
            }
        }
    }

    /// What is wrong with a rule is Workflow's to say.
    private static func beforeRules(of document: JSONValue, model: String) -> Set<BeforeRule> {
        let rules = (document["rules"]?.array ?? []).compactMap { rule -> BeforeRule? in
            guard let moment = rule["on"]?.string.flatMap(RuleMoment.init(rawValue:)),
                let code = rule["class"]?.string,
                let type = FullCode.isCode(code)
                    ? FullCode(model: model, code: code)
                    : FullCode(code)
            else { return nil }
            return BeforeRule(type: type, moment: moment)
        }
        return Set(rules)
    }
}
