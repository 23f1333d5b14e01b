import JSON

/// Who may do what: a row for each grant, with role, operations, rows and columns.
struct GrantTable {
    static let operations = [
        "read", "insert", "change", "delete", "import", "export", "changeMany", "deleteMany",
    ]
    private static let scopes = ["all", "own", "unit", "subtree"]
    /// Empty rows for grants to be added.
    private static let spareRows = 2

    let standing: ModelStanding
    let texts: Texts
    let original: [JSONValue]
    let inputs: FormInputs?
    /// By the number of the row.
    var faults: [Int: [String]] = [:]
    /// Which row each grant of the result came from.
    private var origins: [Int] = []

    init(
        standing: ModelStanding, texts: Texts, original: [JSONValue], inputs: FormInputs?
    ) {
        self.standing = standing
        self.texts = texts
        self.original = original
        self.inputs = inputs
    }

    /// Each role once.
    static func roles(of grants: JSONValue?) -> [String] {
        var roles: [String] = []
        for grant in grants?.array ?? [] {
            guard let role = grant["role"]?.string, !roles.contains(role) else { continue }
            roles.append(role)
        }
        return roles
    }

    /// The grants that were typed; nil where none is and none was. A row without a role goes.
    mutating func read() -> [JSONValue]? {
        guard let inputs else { return original.isEmpty ? nil : original }
        var result: [JSONValue] = []
        origins = []
        let count = max(original.count, inputs.rows("g."))
        for index in 0..<count {
            let role = (inputs["g.\(index).role"] ?? "").trimmed
            guard !role.isEmpty else { continue }
            let old = index < original.count ? original[index].object : nil
            result.append(.object(grant(index, role, old ?? JSONObject(), inputs)))
            origins.append(index)
        }
        return result.isEmpty && original.isEmpty ? nil : result
    }

    private func grant(_ index: Int, _ role: String, _ old: JSONObject, _ inputs: FormInputs)
        -> JSONObject
    {
        var grant = old
        grant["role"] = .string(role)
        let had = (old["operations"]?.array ?? []).compactMap(\.string)
        // What has no box stays.
        let has =
            GrantTable.operations.filter { inputs["g.\(index).\($0)"] == "true" }
            + had.filter { !GrantTable.operations.contains($0) }
        if Set(had) != Set(has) { grant["operations"] = .array(has.map { .string($0) }) }
        let scope = inputs["g.\(index).scope"] ?? "all"
        let column = (inputs["g.\(index).column"] ?? "").trimmed
        let oldScope = old["rows"]?["scope"]?.string ?? "all"
        if scope != oldScope || column != old["rows"]?["column"]?.string ?? "" {
            var rows = old["rows"]?.object ?? JSONObject()
            rows["scope"] = .string(scope)
            rows["column"] = column.isEmpty ? nil : .string(column)
            grant["rows"] = .object(rows)
        }
        let columns = (inputs["g.\(index).columns"] ?? "")
            .split { $0 == "," || $0 == " " || $0 == "\n" }.map(String.init)
        if columns != (old["columns"]?.array ?? []).compactMap(\.string) {
            grant["columns"] =
                columns.isEmpty ? nil : .array(columns.map { .string($0) })
        }
        return grant
    }

    mutating func take(_ problems: [FieldProblem], at pointer: String) -> [FieldProblem] {
        var left: [FieldProblem] = []
        for problem in problems {
            let rest = problem.pointer.dropFirst(pointer.count + 1)
            guard problem.pointer.hasPrefix(pointer + "/"),
                let place = Int(rest.prefix { $0.isNumber }), origins.indices.contains(place)
            else {
                left.append(problem)
                continue
            }
            let member = rest.drop { $0 != "/" }.dropFirst()
            faults[origins[place], default: []].append("\(member): \(problem.detail)")
        }
        return left
    }

    // MARK: Showing

    func show(_ columns: [String]) -> HTML {
        let typed = inputs.map { inputs in
            (0..<inputs.rows("g.")).last { !(inputs["g.\($0).role"] ?? "").isEmpty } ?? -1
        }
        let count = max(original.count, (typed ?? -1) + 1) + GrantTable.spareRows
        return tag(
            .div, .class("scroll rows grants"), .fixed("tabindex", "0"), .role(.group),
            .aria(.label, texts.modelGrants)
        ) {
            tag(.table) {
                tag(.caption) { texts.modelGrants }
                tag(.thead) {
                    tag(.tr) {
                        tag(.th, .fixed("scope", "col")) { texts.modelMember("role") }
                        for operation in GrantTable.operations {
                            tag(.th, .fixed("scope", "col")) { texts.modelWord(operation) }
                        }
                        tag(.th, .fixed("scope", "col")) { texts.modelRows }
                        tag(.th, .fixed("scope", "col")) { texts.modelRowsColumn }
                        tag(.th, .fixed("scope", "col")) { texts.modelOnlyColumns }
                    }
                }
                tag(.tbody) {
                    for index in 0..<count { row(index) }
                }
            }
            tag(.datalist, .id("roles")) {
                for role in standing.roles { tag(.option, .value(role)) }
            }
            tag(.datalist, .id("granted")) {
                for column in columns { tag(.option, .value(column)) }
            }
        }
    }

    @HTMLBuilder private func row(_ index: Int) -> HTML {
        let old: JSONValue = index < original.count ? original[index] : .null
        let value = { (name: String, shown: String) in
            inputs.map { $0["g.\(index).\(name)"] ?? "" } ?? shown
        }
        let had = Set((old["operations"]?.array ?? []).compactMap(\.string))
        let role = value("role", old["role"]?.string ?? "")
        let label = { (name: String) in "\(name) \(index + 1)" }
        tag(.tr) {
            tag(.td) {
                line(index, "role", role, label(texts.modelMember("role")), list: "roles")
            }
            for operation in GrantTable.operations {
                tag(.td, .class("center")) {
                    tag(
                        .input, .type("checkbox"), .name("g.\(index).\(operation)"),
                        .value("true"), .aria(.label, label(texts.modelWord(operation))),
                        value(operation, had.contains(operation) ? "true" : "") == "true"
                            ? .checked : nil)
                }
            }
            tag(.td) {
                let scope = value("scope", old["rows"]?["scope"]?.string ?? "all")
                tag(.select, .name("g.\(index).scope"), .aria(.label, label(texts.modelRows))) {
                    for word in GrantTable.scopes {
                        tag(.option, .value(word), word == scope ? .selected : nil) {
                            texts.modelScope(word)
                        }
                    }
                }
            }
            tag(.td) {
                line(
                    index, "column", value("column", old["rows"]?["column"]?.string ?? ""),
                    label(texts.modelRowsColumn), list: "granted")
            }
            tag(.td) {
                let columns = (old["columns"]?.array ?? []).compactMap(\.string)
                line(
                    index, "columns", value("columns", columns.joined(separator: ", ")),
                    label(texts.modelOnlyColumns))
            }
        }
        if let faults = faults[index] {
            tag(.tr) {
                tag(.td, .fixed("colspan", "12")) {
                    for fault in faults { tag(.p, .class("fault")) { fault } }
                }
            }
        }
    }

    private func line(
        _ index: Int, _ name: String, _ text: String, _ label: String, list: StaticString? = nil
    ) -> HTML {
        tag(
            .input, .type("text"), .name("g.\(index).\(name)"), .value(text),
            .aria(.label, label), list.map { .fixed("list", $0) }, .fixed("spellcheck", "false"),
            .fixed("autocapitalize", "none"),
            faults[index] == nil ? nil : .aria(.invalid, "true"))
    }
}
