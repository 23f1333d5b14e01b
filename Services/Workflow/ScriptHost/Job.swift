import CJavaScriptCore

/// A piece of source with the name that its errors carry.
struct Unit {
    let name: String
    let source: String
    let isScript: Bool
    /// Where in the record its value goes, before the script runs.
    let path: [String]?
    /// In a chain, the name in `values` that its result gets.
    var result: String?
}

/// What a frame asks for: `{"work": "evaluate"|"compile", "timeout": ms, "memory": bytes,
/// "bindings": {…}, "links": {event: url}?, "record": {…}?, "calls": bool?, "units": [{"name",
/// "source", "script": bool, "path": […]?}]}`.
///
/// The bindings become globals; `record`, where it is there, replaces the binding of that name
/// once a script begins, after the expressions have filled it.
///
/// With `calls` the parent answers what scripts ask by `gt`; see `CallLine`.
///
/// Of a `chain` each unit has a context of its own; see `ChainRun`.
///
/// Work on `rules` adds `"rules"` and `"items"`; see `RuleRun`.
struct Job {
    enum Work: String { case evaluate, compile, rules, chain }

    let work: Work
    let timeout: Double
    let memory: Int
    let units: [Unit]
    let record: JSValueRef?
    let hasCalls: Bool
    /// The events whose links were asked for, as a member each.
    let usedLinks: JSValueRef?
    let root: JSValueRef

    /// Reads the frame with the engine's own parser, into the job's own context, before any
    /// script runs there.
    init?(_ frame: [UInt8], in realm: Realm) {
        guard let root = realm.parse(frame),
            let work = realm.text(root, "work").flatMap(Work.init(rawValue:)),
            let timeout = realm.number(root, "timeout"), let memory = realm.number(root, "memory"),
            memory >= 0, memory < 1e15
        else { return nil }
        self.root = root
        self.work = work
        self.timeout = timeout
        self.memory = Int(memory)
        units = realm.elements(root, "units").map { unit in
            Unit(
                name: realm.text(unit, "name") ?? "script",
                source: realm.text(unit, "source") ?? "",
                isScript: realm.boolean(unit, "script"),
                path: realm.member(unit, "path").map { _ in
                    realm.elements(unit, "path").map { realm.text($0) }
                }, result: realm.text(unit, "result"))
        }
        record = realm.member(root, "record")
        hasCalls = realm.boolean(root, "calls")
        if let bindings = realm.member(root, "bindings") { realm.bindAll(of: bindings) }
        usedLinks = realm.member(root, "links").flatMap { realm.bindLinks($0) }
    }

    /// Lets the collector have what the job held; the realm must not be used afterwards.
    func release(in realm: Realm) {
        JSValueUnprotect(realm.context, root)
        if let usedLinks { JSValueUnprotect(realm.context, usedLinks) }
    }
}
