import CJavaScriptCore

/// One global object with the language in it and what a job passes in.
struct Realm {
    struct Reason: Error { let text: String }

    let context: JSGlobalContextRef

    init(_ context: JSGlobalContextRef) {
        self.context = context
    }

    /// Leaves the language itself only: no console, no shared memory (which could block), no
    /// WebAssembly. Each is covered by `undefined`: to delete one, the engine would first make all
    /// of the language's objects that it else makes when they are asked for, which takes as long as
    /// the rest of the context. What is deleted later leaves nothing behind either.
    func coverHostObjects() {
        let global = JSContextGetGlobalObject(context)
        let nothing = JSValueMakeUndefined(context)
        for name in ["console", "WebAssembly", "SharedArrayBuffer", "Atomics"] {
            withString(name) {
                JSObjectSetProperty(
                    context, global, $0, nothing,
                    JSPropertyAttributes(kJSPropertyAttributeDontEnum), nil)
            }
        }
    }

    // MARK: Running

    func evaluate(_ unit: Unit) -> Result<JSValueRef?, Fault> {
        run(unit) { exception in
            withStrings(wrapped(unit), unit.name) { source, name in
                JSEvaluateScript(context, source, nil, name, 1, &exception)
            }
        }
    }

    /// A script is the body of a function; its `return` is the value.
    func run(_ unit: Unit) -> Result<JSValueRef?, Fault> {
        run(unit) { exception in
            guard let function = function(unit, &exception) else { return nil }
            return JSObjectCallAsFunction(context, function, nil, 0, nil, &exception)
        }
    }

    func checkExpression(_ unit: Unit) -> Fault? {
        var exception: JSValueRef?
        let fits = withStrings(wrapped(unit), unit.name) { source, name in
            JSCheckScriptSyntax(context, source, name, 1, &exception)
        }
        return fits ? nil : fault(unit, exception)
    }

    func checkScript(_ unit: Unit) -> Fault? {
        var exception: JSValueRef?
        return function(unit, &exception) == nil ? fault(unit, exception) : nil
    }

    func function(_ unit: Unit, _ exception: inout JSValueRef?) -> JSObjectRef? {
        withStrings(Realm.strict + unit.source, unit.name) { source, name in
            JSObjectMakeFunction(context, nil, 0, nil, source, name, 1, &exception)
        }
    }

    private func run(
        _ unit: Unit, _ body: (inout JSValueRef?) -> JSValueRef?
    ) -> Result<JSValueRef?, Fault> {
        var exception: JSValueRef?
        let value = body(&exception)
        return exception == nil ? .success(value) : .failure(fault(unit, exception))
    }

    /// In brackets, so that `{a: 1}` is an object; the line break ends a comment.
    private func wrapped(_ unit: Unit) -> String { "(" + unit.source + "\n)" }

    func fault(_ unit: Unit, _ exception: JSValueRef?) -> Fault {
        guard let exception else { return Fault(unit, "was stopped") }
        let (line, column) = place(of: exception, in: unit)
        return Fault(unit, text(exception), line: line, column: column)
    }

    /// Where in the unit's own text; 0 where the error was not made there. The engine counts the
    /// two lines that it writes before the body of a function, and what stands before the text
    /// in its first line.
    private func place(of exception: JSValueRef, in unit: Unit) -> (line: Int, column: Int) {
        guard text(exception, "sourceURL") == unit.name, let line = number(exception, "line"),
            line >= 1, line < 1e9
        else { return (0, 0) }
        let own = max(1, Int(line) - (unit.isScript ? 2 : 0))
        guard let column = number(exception, "column"), column >= 1, column < 1e9 else {
            return (own, 0)
        }
        let before = own > 1 ? 0 : unit.isScript ? Realm.strict.utf8.count : 1
        return (own, max(1, Int(column) - before))
    }

    private static let strict = "\"use strict\"; "

    // MARK: Values out

    /// The value as JSON; what JSON does not know (a function, undefined) is null.
    func encode(_ value: JSValueRef?) -> Result<String, Reason> {
        guard let value else { return .success("null") }
        var exception: JSValueRef?
        let string = JSValueCreateJSONString(context, value, 0, &exception)
        if let exception { return .failure(Reason(text: "has no JSON: " + text(exception))) }
        guard let string else { return .success("null") }
        defer { JSStringRelease(string) }
        guard JSStringGetLength(string) <= Answer.sizeLimit else {
            return .failure(Reason(text: "the result is larger than \(Answer.sizeLimit >> 20) MiB"))
        }
        return .success(replacingLoneSurrogates(swiftString(string)))
    }

    func json(_ value: JSValueRef) -> String? { try? encode(value).get() }

    func isPromise(_ value: JSValueRef?) -> Bool {
        guard let value, JSValueIsObject(context, value),
            let promise = global("Promise"), JSValueIsObject(context, promise)
        else { return false }
        return JSValueIsInstanceOfConstructor(
            context, value, JSValueToObject(context, promise, nil), nil)
    }

    // MARK: Bindings

    func global(_ name: String) -> JSValueRef? {
        withString(name) {
            JSObjectGetProperty(context, JSContextGetGlobalObject(context), $0, nil)
        }
    }

    func bind(_ name: String, _ value: JSValueRef?) {
        withString(name) {
            JSObjectSetProperty(
                context, JSContextGetGlobalObject(context), $0, value,
                JSPropertyAttributes(kJSPropertyAttributeNone), nil)
        }
    }

    func bindAll(of object: JSValueRef) {
        guard let object = JSValueToObject(context, object, nil),
            let names = JSObjectCopyPropertyNames(context, object)
        else { return }
        defer { JSPropertyNameArrayRelease(names) }
        for index in 0..<JSPropertyNameArrayGetCount(names) {
            guard let name = JSPropertyNameArrayGetNameAtIndex(names, index) else { continue }
            bind(swiftString(name), JSObjectGetProperty(context, object, name, nil))
        }
    }

    /// `link('event')`; answers the object that collects which links were asked for.
    func bindLinks(_ links: JSValueRef) -> JSValueRef? {
        let source = """
            (function (links) {
              const known = Object.assign(Object.create(null), links), used = Object.create(null);
              const link = function (event) {
                if (typeof known[event] !== 'string') throw new Error('link: no event ' + event);
                used[event] = true;
                return known[event];
              };
              return [link, used];
            })
            """
        guard
            let maker = withStrings(
                source, "link", { JSEvaluateScript(context, $0, nil, $1, 1, nil) }),
            let function = JSValueToObject(context, maker, nil)
        else { return nil }
        let arguments: [JSValueRef?] = [links]
        guard
            let pair = JSObjectCallAsFunction(context, function, nil, 1, arguments, nil),
            let array = JSValueToObject(context, pair, nil)
        else { return nil }
        bind("link", JSObjectGetPropertyAtIndex(context, array, 0, nil))
        let used = JSObjectGetPropertyAtIndex(context, array, 1, nil)
        if let used { JSValueProtect(context, used) }
        return used
    }

    /// Puts a value at its path below `root`; false where there is no such place.
    func set(_ value: JSValueRef?, at path: [String], of root: JSValueRef?) -> Bool {
        guard var place = root.flatMap({ JSValueToObject(context, $0, nil) }),
            let last = path.last
        else { return false }
        for step in path.dropLast() {
            let next = withString(step) { JSObjectGetProperty(context, place, $0, nil) }
            guard let next, JSValueIsObject(context, next),
                let object = JSValueToObject(context, next, nil)
            else { return false }
            place = object
        }
        withString(last) {
            JSObjectSetProperty(
                context, place, $0, value, JSPropertyAttributes(kJSPropertyAttributeNone), nil)
        }
        return true
    }
}
