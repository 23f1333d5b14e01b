import CJavaScriptCore

/// Reading values: frames, and what a script threw.
extension Realm {
    /// Kept from the collector: locals of Swift are not always on the stack that it scans.
    func parse(_ json: [UInt8]) -> JSValueRef? {
        let string = (json + [0]).withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                JSStringCreateWithUTF8CString($0.baseAddress)
            }
        }
        guard let string else { return nil }
        defer { JSStringRelease(string) }
        guard let value = JSValueMakeFromJSONString(context, string) else { return nil }
        JSValueProtect(context, value)
        return value
    }

    func member(_ value: JSValueRef, _ name: String) -> JSValueRef? {
        guard JSValueIsObject(context, value), let object = JSValueToObject(context, value, nil)
        else { return nil }
        var exception: JSValueRef?
        let found = withString(name) { JSObjectGetProperty(context, object, $0, &exception) }
        guard exception == nil, let found, !JSValueIsUndefined(context, found),
            !JSValueIsNull(context, found)
        else { return nil }
        return found
    }

    func elements(_ value: JSValueRef, _ name: String) -> [JSValueRef] {
        guard let list = member(value, name), JSValueIsArray(context, list),
            let array = JSValueToObject(context, list, nil),
            let count = number(list, "length")
        else { return [] }
        return (0..<UInt32(count)).compactMap {
            JSObjectGetPropertyAtIndex(context, array, $0, nil)
        }
    }

    func text(_ value: JSValueRef, _ name: String) -> String? { member(value, name).map(text) }

    func number(_ value: JSValueRef, _ name: String) -> Double? {
        guard let found = member(value, name), JSValueIsNumber(context, found) else { return nil }
        return JSValueToNumber(context, found, nil)
    }

    func boolean(_ value: JSValueRef, _ name: String) -> Bool {
        member(value, name).map { JSValueToBoolean(context, $0) } ?? false
    }

    /// The value as a string, as `String(value)` gives it.
    func text(_ value: JSValueRef) -> String {
        var exception: JSValueRef?
        guard let string = JSValueToStringCopy(context, value, &exception) else {
            return "something that has no text"
        }
        defer { JSStringRelease(string) }
        return swiftString(string)
    }

    func swiftString(_ string: JSStringRef) -> String {
        let capacity = JSStringGetMaximumUTF8CStringSize(string)
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let written = buffer.withMemoryRebound(to: CChar.self) {
                JSStringGetUTF8CString(string, $0.baseAddress, capacity)
            }
            count = max(0, written - 1)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func withString<T>(_ text: String, _ body: (JSStringRef?) -> T) -> T {
        let units = Array(text.utf16)
        let string = JSStringCreateWithCharacters(units, units.count)
        defer { if let string { JSStringRelease(string) } }
        return body(string)
    }

    func withStrings<T>(_ a: String, _ b: String, _ body: (JSStringRef?, JSStringRef?) -> T) -> T {
        withString(a) { first in withString(b) { body(first, $0) } }
    }

    /// JavaScript may hold half a surrogate pair, which `JSON.stringify` writes as `\ud83d`; no
    /// strict reader takes that, so it becomes U+FFFD. (A whole pair is written as the character
    /// itself.)
    func replacingLoneSurrogates(_ json: String) -> String {
        var bytes = Array(json.utf8)
        var index = 0
        var replaced = false
        while index + 5 < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            let isSurrogate =
                bytes[index + 1] == UInt8(ascii: "u") && bytes[index + 2] == UInt8(ascii: "d")
                && "89abcdef".utf8.contains(bytes[index + 3])
            if isSurrogate {
                bytes.replaceSubrange(index + 2..<index + 6, with: "fffd".utf8)
                replaced = true
            }
            index += 2
        }
        return replaced ? String(decoding: bytes, as: UTF8.self) : json
    }
}
