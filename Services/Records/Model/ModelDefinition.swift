import Contracts
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
    /// check.
    init(code: String, document: JSONValue, problems: ObjectReader.Problems) {
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
            "imports", "exports", "syncs")
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
        let roles = roles
        classes = list.map { ClassDefinition(reading: $0, model: code, roles: roles) }
        queries = queryReaders.map { QueryDefinition(reading: $0, roles: roles) }
        reader.finish()
        for (index, item) in queries.enumerated()
        where queries[..<index].contains(where: { $0.code == item.code && !$0.code.isEmpty }) {
            problems.add("/queries/\(index)/code", "repeated", "is the code of an earlier query")
        }
        for (index, item) in classes.enumerated()
        where classes[..<index].contains(where: { $0.code == item.code && !$0.code.isEmpty }) {
            problems.add("/classes/\(index)/code", "repeated", "is the code of an earlier class")
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
