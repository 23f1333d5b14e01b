import CJavaScriptCore

/// Rules before a save, run on one record after another in one context. The frame adds
///
///     "rules": [{"when"?, "require"?, "message"?: unit, "actions": [
///         {"set": {…}, "holes": [{"path": […], "unit"}]} | {"script": unit}]}],
///     "items": [{"rules": [index], "record": {…}, "previous": {…} | null}]
///
/// where a unit is told by its place in `units`. The outcome of an item is `{"set": {…}}` with the
/// columns that the rules have changed, or `{"refused": index, "message": text}`.
struct RuleRun {
    struct Item {
        let rules: [Int]
        let record: JSValueRef
        let previous: JSValueRef?
    }

    private struct Rule {
        var when: Int?
        var require: Int?
        var message: Int?
        var actions: [Action] = []
    }

    private enum Action {
        /// The JSON of the values, made anew for each record.
        case set(String, holes: [(path: [String], unit: Int)])
        case script(Int)
    }

    let items: [Item]
    private let realm: Realm
    private let calls: CallLine
    private let units: [Unit]
    private let rules: [Rule]
    /// Compiled once for all records; nil where the source is none.
    private let functions: [Result<JSObjectRef, Fault>]

    init(_ job: Job, in realm: Realm, calls: CallLine) {
        self.realm = realm
        self.calls = calls
        units = job.units
        functions = job.units.map { RuleRun.compile($0, in: realm) }
        rules = realm.elements(job.root, "rules").map { RuleRun.rule($0, in: realm) }
        items = realm.elements(job.root, "items").compactMap { item in
            realm.member(item, "record").map { record in
                Item(
                    rules: realm.elements(item, "rules").map { Int(realm.number($0)) },
                    record: record, previous: realm.member(item, "previous"))
            }
        }
    }

    /// Lets the collector have the functions.
    func release() {
        for case .success(let function) in functions { JSValueUnprotect(realm.context, function) }
    }

    // MARK: Reading

    private static func compile(_ unit: Unit, in realm: Realm) -> Result<JSObjectRef, Fault> {
        let source = unit.isScript ? unit.source : "return (" + unit.source + "\n)"
        let body = Unit(name: unit.name, source: source, isScript: true, path: nil)
        var exception: JSValueRef?
        guard let function = realm.function(body, &exception) else {
            return .failure(realm.fault(body, exception))
        }
        JSValueProtect(realm.context, function)
        return .success(function)
    }

    private static func rule(_ value: JSValueRef, in realm: Realm) -> Rule {
        func unit(_ name: String) -> Int? { realm.number(value, name).map { Int($0) } }
        var rule = Rule(when: unit("when"), require: unit("require"), message: unit("message"))
        rule.actions = realm.elements(value, "actions").map { action in
            if let script = realm.number(action, "script") { return .script(Int(script)) }
            let values = realm.member(action, "set").flatMap { realm.json($0) } ?? "{}"
            let holes = realm.elements(action, "holes").map { hole in
                (
                    path: realm.elements(hole, "path").map { realm.text($0) },
                    unit: Int(realm.number(hole, "unit") ?? 0)
                )
            }
            return .set(values, holes: holes)
        }
        return rule
    }

    // MARK: Running

    func outcome(of item: Item) -> Outcome {
        guard case .success(let before) = realm.encode(item.record) else { return .json("{}") }
        realm.bind("record", item.record)
        realm.bind("previous", item.previous ?? JSValueMakeNull(realm.context))
        do throws(Fault) {
            var hasChanged = false
            for index in item.rules where rules.indices.contains(index) {
                let rule = rules[index]
                if let when = rule.when, try !isTrue(when) { continue }
                if let require = rule.require, try !isTrue(require) {
                    return .json(try refusal(index, rule))
                }
                for action in rule.actions { try run(action) }
                hasChanged = hasChanged || !rule.actions.isEmpty
            }
            return .json(hasChanged ? try changes(since: before) : #"{"set":{}}"#)
        } catch {
            return .failure(error)
        }
    }

    private func call(_ unit: Int) throws(Fault) -> JSValueRef? {
        let function = try functions[unit].get()
        calls.unit = unit
        var exception: JSValueRef?
        let value = JSObjectCallAsFunction(realm.context, function, nil, 0, nil, &exception)
        let source = units[unit]
        guard exception == nil else {
            let body = Unit(name: source.name, source: "", isScript: true, path: nil)
            throw realm.fault(body, exception)
        }
        if realm.isPromise(value) {
            throw Fault(source, "a script returns a value, not a promise")
        }
        return value
    }

    private func isTrue(_ unit: Int) throws(Fault) -> Bool {
        guard let value = try call(unit) else { return false }
        return JSValueToBoolean(realm.context, value)
    }

    private func refusal(_ index: Int, _ rule: Rule) throws(Fault) -> String {
        guard let unit = rule.message, let value = try call(unit) else {
            return #"{"refused":\#(index)}"#
        }
        return #"{"refused":\#(index),"message":\#(Answer.quoted(realm.text(value)))}"#
    }

    private func run(_ action: Action) throws(Fault) {
        switch action {
        case .script(let unit): _ = try call(unit)
        case .set(let json, let holes): try set(json, holes)
        }
    }

    /// Every expression sees the record as it is before the columns are set.
    private func set(_ json: String, _ holes: [(path: [String], unit: Int)]) throws(Fault) {
        guard let values = realm.parse(Array(json.utf8)) else { return }
        defer { JSValueUnprotect(realm.context, values) }
        for hole in holes {
            let value = try call(hole.unit)
            _ = realm.set(value, at: hole.path, of: values)
        }
        let record = realm.global("record")
        for name in realm.names(of: values) {
            _ = realm.set(realm.property(values, name), at: [name], of: record)
        }
    }

    /// The members that are others than before, by their JSON: what no rule touched stays as
    /// exact as it was, whatever a number loses in here.
    private func changes(since before: String) throws(Fault) -> String {
        let whole = Fault(units[0], "record is no object any more")
        guard let record = realm.global("record"), JSValueIsObject(realm.context, record),
            !JSValueIsArray(realm.context, record), let old = realm.parse(Array(before.utf8))
        else { throw whole }
        defer { JSValueUnprotect(realm.context, old) }
        var members: [String] = []
        let names = realm.names(of: record)
        for name in names {
            let new = try json(realm.property(record, name), name)
            if new != (try json(realm.property(old, name), name)) {
                members.append(Answer.quoted(name) + ":" + new)
            }
        }
        let present = Set(names)
        for name in realm.names(of: old) where !present.contains(name) {
            if try json(realm.property(old, name), name) != "null" {
                members.append(Answer.quoted(name) + ":null")
            }
        }
        return #"{"set":{\#(members.joined(separator: ","))}}"#
    }

    private func json(_ value: JSValueRef?, _ name: String) throws(Fault) -> String {
        switch realm.encode(value) {
        case .success(let text): return text
        case .failure(let reason):
            throw Fault(
                Unit(name: name, source: "", isScript: true, path: nil), reason.text)
        }
    }
}

extension Realm {
    /// The names of an object's own and inherited enumerable members.
    func names(of value: JSValueRef) -> [String] {
        guard let object = JSValueToObject(context, value, nil),
            let names = JSObjectCopyPropertyNames(context, object)
        else { return [] }
        defer { JSPropertyNameArrayRelease(names) }
        return (0..<JSPropertyNameArrayGetCount(names)).compactMap { index in
            JSPropertyNameArrayGetNameAtIndex(names, index).map(swiftString)
        }
    }

    /// A member as it is; nil where there is none.
    func property(_ value: JSValueRef, _ name: String) -> JSValueRef? {
        guard let object = JSValueToObject(context, value, nil) else { return nil }
        var exception: JSValueRef?
        let found = withString(name) { JSObjectGetProperty(context, object, $0, &exception) }
        return exception == nil ? found : nil
    }

    /// A number as it is; -1 where it is none.
    func number(_ value: JSValueRef) -> Double {
        JSValueIsNumber(context, value) ? JSValueToNumber(context, value, nil) : -1
    }
}
