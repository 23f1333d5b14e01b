import JSON

extension JSONReader {
    mutating func readFullCode() throws(JSONError) -> FullCode {
        guard let code = FullCode(try readString()) else {
            throw unexpected("is not of the form model.code")
        }
        return code
    }

    mutating func readStrings() throws(JSONError) -> [String]? {
        if try readNull() { return nil }
        var strings: [String] = []
        try beginArray()
        while try nextElement() { strings.append(try readString()) }
        return strings
    }

    mutating func readOptionalString() throws(JSONError) -> String? {
        try readNull() ? nil : try readString()
    }

    mutating func readOptionalInteger() throws(JSONError) -> Int64? {
        try readNull() ? nil : try readInteger()
    }

    mutating func readOptionalBoolean() throws(JSONError) -> Bool? {
        try readNull() ? nil : try readBoolean()
    }

    func unknownMember(_ key: String) -> JSONError { unexpected("the member \(key) is not known") }

    func missing(_ names: String) -> JSONError { unexpected("it needs \(names)") }
}

// A member that is nil is left out, as `JSONCoder` does.
extension JSONWriter {
    mutating func member(_ name: StaticString, _ code: FullCode) {
        key(name)
        string(code.description)
    }

    mutating func member(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        key(name)
        integer(value)
    }

    mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        key(name)
        string(value)
    }

    mutating func member(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        key(name)
        boolean(value)
    }

    mutating func member(_ name: StaticString, _ values: [String]?) {
        guard let values else { return }
        key(name)
        beginArray()
        for value in values { string(value) }
        endArray()
    }
}
