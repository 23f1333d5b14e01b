import JSON

/// One thing that applying a document does: a line of its plan.
struct ModelOperation: Sendable, Hashable {
    enum Action: String, Sendable { case create, change, convert, drop }

    var action: Action
    /// What the document calls one of the list: `class`, `column`, `rule`; `view` is an API view.
    var kind: String
    /// Within the model: `ticket`, `ticket.body`.
    var code: String
    /// Whether something is lost by it that the document before it kept.
    var isDestructive = false
    /// What of it changes, or how much of it goes.
    var about = ModelDetail.none

    /// For people, in English.
    var detail: String { about.text }
    /// Rows that are lost or converted; deleted records count too.
    var rows: Int64? { about.rows }

    /// As the plan has it.
    var json: JSONValue {
        .object(
            JSONObject([
                ("operation", .string(action.rawValue)), ("kind", .string(kind)),
                ("code", .string(code)), ("destructive", .boolean(isDestructive)),
                ("detail", .string(detail)), ("facts", about.facts),
            ]))
    }

    var sentence: String { "\(action.rawValue) \(kind) \(code): \(detail)" }
}

/// What differs between two documents, by the codes of their parts; the order of the result is that
/// of the document. What of a class is in tables is `ModelPlanner`'s.
struct DocumentDifference {
    /// The lists of a document whose elements have codes, and what one of each is called.
    static let lists = [
        ("queries", "query"), ("rules", "rule"), ("scripts", "script"),
        ("workflows", "workflow"), ("events", "event"), ("jobs", "job"),
        ("mailboxes", "mailbox"), ("notifications", "notification"),
        ("distributionGroups", "distribution group"), ("imports", "import"),
        ("exports", "export"), ("syncs", "sync"),
    ]

    let old: JSONValue
    let new: JSONValue

    /// Members of `one` and `other` that differ, but for `left`.
    static func members(
        _ one: JSONValue?, _ other: JSONValue?, but left: Set<String> = []
    ) -> [String] {
        var names: [String] = []
        for key in (other?.object?.keys ?? []) + (one?.object?.keys ?? [])
        where !left.contains(key) && !names.contains(key) && one?[key] != other?[key] {
            names.append(key)
        }
        return names
    }

    /// Codes of a list in its order.
    static func codes(_ list: JSONValue?) -> [String] {
        (list?.array ?? []).map { $0["code"]?.string ?? "" }
    }

    static func element(_ code: String, of list: JSONValue?) -> JSONValue? {
        list?.array?.first { $0["code"]?.string == code }
    }

    /// Whether what both have stands in another order.
    static func isReordered(_ old: [String], _ new: [String]) -> Bool {
        let (before, after) = (Set(old), Set(new))
        return old.filter { after.contains($0) } != new.filter { before.contains($0) }
    }

    /// The model itself: its own members, roles, and the order of its lists.
    var ofModel: [ModelOperation] {
        var result: [ModelOperation] = []
        let lists = Set(DocumentDifference.lists.map(\.0) + ["classes", "roles"])
        var changed = DocumentDifference.members(old, new, but: lists)
        var orders: [String] = []
        for list in lists.sorted() where list != "roles" {
            let (before, after) = (old[list], new[list])
            if DocumentDifference.isReordered(
                DocumentDifference.codes(before), DocumentDifference.codes(after))
            {
                orders.append(list)
            }
            // `"rules": []` and no member at all are two documents.
            if before != after, before?.array?.isEmpty ?? true, after?.array?.isEmpty ?? true {
                changed.append(list)
            }
        }
        let (before, after) = (roles(old), roles(new))
        if before != after, Set(before) == Set(after) || (before + after).isEmpty {
            orders.append("roles")
        }
        if old["roles"] != new["roles"], (before + after).isEmpty { changed.append("roles") }
        if !changed.isEmpty || !orders.isEmpty {
            result.append(operation(.change, "model", code, .members(changed, orders: orders)))
        }
        result += after.filter { !before.contains($0) }
            .map { operation(.create, "role", $0, .roleMade) }
        result += before.filter { !after.contains($0) }
            .map { operation(.drop, "role", $0, .roleStays) }
        return result
    }

    /// Everything but the model itself and its classes.
    var ofLists: [ModelOperation] {
        DocumentDifference.lists.flatMap { list, kind in ofList(list, kind) }
    }

    private func ofList(_ list: String, _ kind: String) -> [ModelOperation] {
        var result: [ModelOperation] = []
        for code in DocumentDifference.codes(new[list]) {
            let after = DocumentDifference.element(code, of: new[list])
            guard let before = DocumentDifference.element(code, of: old[list]) else {
                result.append(operation(.create, kind, code, .none))
                continue
            }
            let members = DocumentDifference.members(before, after)
            if !members.isEmpty {
                result.append(operation(.change, kind, code, .members(members)))
            }
        }
        let after = Set(DocumentDifference.codes(new[list]))
        for code in DocumentDifference.codes(old[list]) where !after.contains(code) {
            result.append(operation(.drop, kind, code, .none))
        }
        return result
    }

    private var code: String { new["code"]?.string ?? "" }

    private func roles(_ document: JSONValue) -> [String] {
        (document["roles"]?.array ?? []).compactMap(\.string)
    }

    private func operation(
        _ action: ModelOperation.Action, _ kind: String, _ code: String, _ about: ModelDetail
    ) -> ModelOperation {
        ModelOperation(action: action, kind: kind, code: code, about: about)
    }
}
