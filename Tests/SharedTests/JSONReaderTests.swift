import JSON
import Testing

private func reader(_ text: String) -> JSONReader { JSONReader(Array(text.utf8)) }

@Test func `an object is read member by member`() throws {
    var reader = reader(
        #"{"id": 14, "name": "Änne \"A\"", "price": 0.10, "open": true, "none": null, "rest": [1, {"x": 2}], "raw": { "a" : 1 }}"#
    )
    var seen: [String] = []
    try reader.beginObject()
    while let key = try reader.nextKey() {
        seen.append(key)
        switch key {
        case "id": #expect(try reader.readInteger() == 14)
        case "name": #expect(try reader.readString() == "Änne \"A\"")
        case "price": #expect(try reader.readNumber().text == "0.10")
        case "open": #expect(try reader.readBoolean())
        case "none": #expect(try reader.readNull())
        case "raw": #expect(try reader.readRaw().bytes == Array(#"{ "a" : 1 }"#.utf8))
        default: try reader.skip()
        }
    }
    try reader.finish()
    #expect(seen == ["id", "name", "price", "open", "none", "rest", "raw"])
}

@Test func `arrays nest`() throws {
    var reader = reader("[[1,2],[],[3]]")
    var sums: [Int64] = []
    try reader.beginArray()
    while try reader.nextElement() {
        var sum: Int64 = 0
        try reader.beginArray()
        while try reader.nextElement() { sum += try reader.readInteger() }
        sums.append(sum)
    }
    try reader.finish()
    #expect(sums == [3, 0, 3])
}

@Test(arguments: [
    ("0", Int64(0)), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
    ("1e2", 100), ("1.50e1", 15), ("100000000000000000000e-18", 100), ("0e99999", 0),
])
func `whole numbers are whole however they are written`(_ text: String, _ expected: Int64) throws {
    var reader = reader(text)
    #expect(try reader.readInteger() == expected)
    try reader.finish()
}

@Test(arguments: ["9223372036854775808", "-9223372036854775809", "1.5", "1e19", "1e-1"])
func `other numbers are not whole`(_ text: String) {
    var reader = reader(text)
    let error = #expect(throws: JSONError.self) { try reader.readInteger() }
    #expect(error?.kind == .unexpected)
}

@Test func `another type is unexpected, and said with its pointer`() throws {
    var reader = reader(#"{"a": [true]}"#)
    try reader.beginObject()
    _ = try reader.nextKey()
    try reader.beginArray()
    _ = try reader.nextElement()
    let error = #expect(throws: JSONError.self) { try reader.readString() }
    #expect(error?.kind == .unexpected)
    #expect(error?.pointer == "/a/0")
    #expect(error?.detail == "this must be a string, not a boolean")
    #expect(reader.unexpected("no").pointer == "/a/0")
}

@Test func `no value at all is malformed, whatever was expected`() {
    for text in ["", "x", "}", ","] {
        var one = reader(text)
        #expect(throws: JSONError.self) { try one.readString() }
        var two = reader(text)
        let error = #expect(throws: JSONError.self) { try two.beginObject() }
        #expect(error?.kind == .malformed)
    }
}

@Test func `a reader that is used out of turn throws and does not crash`() throws {
    var empty = reader("1")
    #expect(throws: JSONError.self) { try empty.nextKey() }
    #expect(throws: JSONError.self) { try empty.nextElement() }
    var mixed = reader("[1]")
    try mixed.beginArray()
    #expect(throws: JSONError.self) { try mixed.nextKey() }
    var skipped = reader(#"{"a":1,"b":2}"#)
    try skipped.beginObject()
    _ = try skipped.nextKey()
    #expect(throws: JSONError.self) { try skipped.nextKey() }
}

@Test func `the writer puts commas and escapes`() throws {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("id")
    writer.integer(.min)
    writer.key("zero")
    writer.integer(0)
    writer.key("a\"b" as String)
    writer.string("x\u{1}\n\t\\\"é\u{7f}/")
    writer.key("list")
    writer.beginArray()
    writer.boolean(true)
    writer.null()
    writer.decimal(unscaled: -5, scale: 2)
    writer.decimal(unscaled: 250, scale: 2)
    writer.double(0.1)
    writer.double(.infinity)
    writer.raw(JSONBytes(Array("{}".utf8)))
    writer.beginObject()
    writer.endObject()
    writer.endArray()
    writer.key("last")
    writer.string("")
    writer.endObject()
    #expect(
        String(decoding: writer.bytes, as: UTF8.self)
            == #"{"id":-9223372036854775808,"zero":0,"a\"b":"x\u0001\n\t\\\"é"# + "\u{7f}"
            + #"/","list":[true,null,-0.05,2.50,0.1,null,{},{}],"last":""}"#)
}

@Test func `the writer mends bytes that are not UTF-8`() {
    func written(_ bytes: [UInt8]) -> String {
        var writer = JSONWriter()
        bytes.withUnsafeBufferPointer { writer.string(utf8: $0) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
    #expect(written([0x61, 0xFF, 0x62]) == "\"a\u{FFFD}b\"")
    #expect(written([0xED, 0xA0, 0x80, 0x22]).hasSuffix("\\\"\""))
    #expect(written(Array("ok é \"".utf8)) == "\"ok é \\\"\"")
    #expect(written([]) == "\"\"")
}
