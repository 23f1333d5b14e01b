import CJavaScriptCore
import Glibc

/// What scripts see as `gt`. Its functions ask the parent, by a frame, and wait for the answer:
///
///     {"call": "records.get", "unit": 0, "arguments": […]}
///     [value] or [null, {"code", "status", "message"}]
///
/// An error is thrown, and can be caught. A frame is written here and nowhere else, from what the
/// engine itself made JSON of: whatever a script does to its objects, it cannot write one. Who may
/// do what the parent decides.
final class CallLine {
    static let names = [
        "records.get", "records.find", "records.create", "records.change", "records.remove",
        "mail.send", "events.raise", "workflows.start", "imports.run", "exports.run", "http",
        "log", "file",
    ]
    /// The JSON of one call's arguments.
    static let argumentLimit = 4 << 20
    /// Files that the scripts of one job may make.
    static let fileLimit = 16

    /// A function and where it leads.
    private final class Function {
        unowned let line: CallLine
        let name: String

        init(_ line: CallLine, _ name: String) {
            self.line = line
            self.name = name
        }
    }

    private let channel: FrameChannel
    private let watchdog: Watchdog
    private let type: JSClassRef?
    private var functions: [Function] = []
    /// The unit of the job that runs.
    var unit = 0
    /// Whether the parent answers calls of this job.
    private var isOpen = false
    /// What `gt.file` made: the value that stands for it, and its JSON.
    private var files: [(value: JSValueRef, json: String)] = []

    init(_ channel: FrameChannel, _ watchdog: Watchdog) {
        self.channel = channel
        self.watchdog = watchdog
        var definition = JSClassDefinition()
        definition.callAsFunction = { context, function, _, count, arguments, exception in
            guard let context, let function, let pointer = JSObjectGetPrivate(function),
                let realm = JSContextGetGlobalContext(context).map(Realm.init)
            else { return nil }
            let called = Unmanaged<Function>.fromOpaque(pointer).takeUnretainedValue()
            let values = (0..<count).map { arguments?[$0] }
            do throws(Thrown) {
                return try called.line.call(called.name, values, in: realm)
            } catch {
                exception?.pointee = error.value
                return JSValueMakeUndefined(context)
            }
        }
        type = JSClassCreate(&definition)
        functions = CallLine.names.map { Function(self, $0) }
    }

    /// An exception for the script. Unchecked: this process has one thread.
    private struct Thrown: Error, @unchecked Sendable { let value: JSValueRef? }

    /// Makes `gt` in a context.
    func bind(into realm: Realm) {
        let root = JSObjectMake(realm.context, nil, nil)
        // First of all, so that the collector finds whatever follows.
        realm.fix(root, as: "gt", of: JSContextGetGlobalObject(realm.context))
        var groups: [String: JSObjectRef] = [:]
        for function in functions {
            let object = JSObjectMake(
                realm.context, type, Unmanaged.passUnretained(function).toOpaque())
            let parts = function.name.split(separator: ".").map(String.init)
            guard parts.count == 2 else {
                realm.fix(object, as: function.name, of: root)
                continue
            }
            if groups[parts[0]] == nil, let group = JSObjectMake(realm.context, nil, nil) {
                groups[parts[0]] = group
                realm.fix(group, as: parts[0], of: root)
            }
            realm.fix(object, as: parts[1], of: groups[parts[0]])
        }
    }

    func begin(_ job: Job) {
        isOpen = job.hasCalls
        unit = 0
    }

    func end(in realm: Realm) {
        for file in files { JSValueUnprotect(realm.context, file.value) }
        files = []
    }

    /// The JSON of the file that a value stands for.
    func file(_ value: JSValueRef?, in realm: Realm) -> String? {
        guard let value else { return nil }
        return files.first { JSValueIsStrictEqual(realm.context, value, $0.value) }?.json
    }

    private func call(
        _ name: String, _ values: [JSValueRef?], in realm: Realm
    ) throws(Thrown) -> JSValueRef? {
        let arguments = try json(of: values, for: name, in: realm)
        if name == "file" { return try makeFile(arguments, in: realm) }
        guard isOpen else {
            throw thrown("gt.\(name) cannot be used here", code: "not-here", in: realm)
        }
        let frame = #"{"call":"\#(name)","unit":\#(unit),"arguments":\#(arguments)}"#
        watchdog.pause()
        defer { watchdog.resume() }
        // Without a parent there is nobody to work for.
        guard channel.write(Array(frame.utf8)), let answer = channel.read() else { exit(0) }
        guard let root = realm.parse(answer) else {
            throw thrown("gt.\(name) got no answer", code: "internal", in: realm)
        }
        defer { JSValueUnprotect(realm.context, root) }
        // By its length, which is its own whatever a script put into prototypes.
        guard realm.number(root, "length") == 2 else { return realm.element(root, 0) }
        let error = realm.element(root, 1)
        throw thrown(
            error.flatMap { realm.text($0, "message") } ?? "gt.\(name) failed",
            code: error.flatMap { realm.text($0, "code") } ?? "internal",
            status: error.flatMap { realm.number($0, "status") }, in: realm)
    }

    private func json(
        of values: [JSValueRef?], for name: String, in realm: Realm
    ) throws(Thrown) -> String {
        var exception: JSValueRef?
        let array = JSObjectMakeArray(realm.context, values.count, values, &exception)
        guard let array, exception == nil else { throw Thrown(value: exception) }
        JSValueProtect(realm.context, array)
        defer { JSValueUnprotect(realm.context, array) }
        let string = JSValueCreateJSONString(realm.context, array, 0, &exception)
        if let exception { throw Thrown(value: exception) }
        guard let string else { return "[]" }
        defer { JSStringRelease(string) }
        guard JSStringGetLength(string) <= CallLine.argumentLimit else {
            let most = CallLine.argumentLimit >> 20
            throw thrown(
                "gt.\(name) takes at most \(most) MiB", code: "payload-too-large", status: 413,
                in: realm)
        }
        return realm.replacingLoneSurrogates(realm.swiftString(string))
    }

    /// A value that stands for a file, so that nothing but `gt.file` can make a script's answer
    /// one.
    private func makeFile(_ arguments: String, in realm: Realm) throws(Thrown) -> JSValueRef? {
        guard files.count < CallLine.fileLimit else {
            let most = CallLine.fileLimit
            throw thrown(
                "gt.file: a script makes at most \(most) files", code: "payload-too-large",
                in: realm)
        }
        guard let value = JSObjectMake(realm.context, nil, nil) else { return nil }
        JSValueProtect(realm.context, value)
        files.append((value, arguments))
        return value
    }

    private func thrown(
        _ message: String, code: String, status: Double? = nil, in realm: Realm
    ) -> Thrown {
        let text = realm.withString(message) { JSValueMakeString(realm.context, $0) }
        let values: [JSValueRef?] = [text]
        guard let error = JSObjectMakeError(realm.context, 1, values, nil) else {
            return Thrown(value: text)
        }
        let word = realm.withString(code) { JSValueMakeString(realm.context, $0) }
        realm.set(word, as: "code", of: error)
        if let status {
            realm.set(JSValueMakeNumber(realm.context, status), as: "status", of: error)
        }
        return Thrown(value: error)
    }
}

extension Realm {
    fileprivate func element(_ array: JSValueRef, _ index: UInt32) -> JSValueRef? {
        JSValueToObject(context, array, nil).flatMap {
            JSObjectGetPropertyAtIndex(context, $0, index, nil)
        }
    }

    /// A member that no script can replace.
    fileprivate func fix(_ value: JSValueRef?, as name: String, of object: JSObjectRef?) {
        let kept = kJSPropertyAttributeReadOnly | kJSPropertyAttributeDontDelete
        withString(name) {
            JSObjectSetProperty(
                context, object, $0, value, JSPropertyAttributes(kept), nil)
        }
    }

    fileprivate func set(_ value: JSValueRef?, as name: String, of object: JSObjectRef) {
        withString(name) {
            JSObjectSetProperty(
                context, object, $0, value, JSPropertyAttributes(kJSPropertyAttributeNone), nil)
        }
    }
}
