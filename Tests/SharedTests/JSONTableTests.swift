import JSON
import Testing

/// Texts that are JSON, with the value that they stand for where that is not plain.
private let valid: [String] = [
    "[]", "{}", "null", "true", "false", "0", "-0", "\"\"", " [ ] ", "\t{\n}\r", "[[]]", "[{}]",
    "1", "-1", "10", "1.5", "-1.5", "0.10", "1e5", "1E5", "1e+5", "1e-5", "0e0", "0.0e-0", "123e00",
    "12345678901234567890123456789", "1.000000000000000000000000001", "123.456e-789", "1E400",
    "\"a\"", #""\"""#, #""\\""#, #""\/""#, #""\b\f\n\r\t""#, #""\u0041""#, #""\u00e9""#,
    #""\u00E9""#,
    #""\u0000""#, #""\u001f""#, "\"\u{7f}\"", "\"é\"", "\"€\"", "\"😀\"", #""\ud83d\ude00""#,
    #""\uD83D\uDE00x""#, "\"\u{2028}\u{2029}\"", "\"\u{FEFF}\"", "\"\u{10FFFF}\"", "\"\u{E000}\"",
    #""\uffff""#, #""\\u0041""#, #""\\\"""#, #"{"a":1,"b":[2,3],"c":{"d":null}}"#,
    #"{"":0}"#, #"{"a":{"a":{"a":1}}}"#, #"{"a":1,"A":2}"#, "[1,2,3]", "[1 , 2\n,3]", "[null]",
    "[\"\",0,{},[],true,false,null]", #"{"\u0061":1,"b":2}"#, #"{"a\nb":1}"#,
    "\"a string that is longer than eight bytes, so that whole words are looked at\"",
    "\"seven b\"", "\"eight by\"", "\"nine byte\"", "\"aaaaaaa\u{e9}\"", "\"aaaaaaaa\u{e9}a\"",
]

private let invalid: [String] = [
    "", " ", "[", "]", "{", "}", "[1", "[1,", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[1:2]", "[\"a\"",
    "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{\"a\",1}",
    "{a:1}",
    "{'a':1}", "{1:1}", "{null:1}", "{\"a\":1 \"b\":2}", "{\"a\"::1}", "{[]:1}", "[1]]", "{}}",
    "[}",
    "{]", "[1}", "{\"a\":1]", "1 2", "[] []", "null,", "nul", "nulll", "Null", "NULL", "tru",
    "truee",
    "fals", "True", "nan", "NaN", "Infinity", "-Infinity", "+1", "01", "-01", "00", "-", "--1",
    "1.",
    "-1.", ".5", "-.5", "1.e5", "1e", "1e+", "1E-", "1e5.5", "1ee5", "0x10", "1_000", "1,000", "1a",
    "1/2",
    "1 .5", "- 1", "1e1000000000000000000", "\"", "\"a", "a\"", "'a'", "\"\\\"", #""\x41""#,
    #""\a""#,
    #""\u""#, #""\u1""#, #""\u12""#, #""\u123""#, #""\u123g""#, #""\U0041""#, #""\ud800""#,
    #""\udc00""#,
    #""\ud800x""#, #""\ud800\n""#, #""\ud800\u0041""#, #""\ud800\ud800""#, #""\udc00\ud800""#,
    #""\ud83d\ude0"#,
    "\"a\nb\"", "\"\u{0}\"", "\"\u{1f}\"", "\"\t\"", "\u{FEFF}[]", "// a\n1", "[1] // a",
    "/* a */ 1",
    "[1,/* a */2]", #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"a":{"b":1,"b":1}}"#, "\u{A0}1",
    "\u{C}1", "[\u{B}1]", "*", "&", "[\"a\" \"b\"]", "{\"a\":}", "{:1}", "{\"a\":1,,\"b\":2}",
    "<null>",
]

/// Bytes between quotes that are not UTF-8.
private let badUTF8: [[UInt8]] = [
    [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80],
    [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xE2, 0x41, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
    [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98],
    [0xF4, 0x90, 0x80, 0x80],
    [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0x41, 0xE9, 0x42],
]

/// What the pull reader alone says of a text.
private func scan(_ bytes: [UInt8]) -> JSONError? {
    var reader = JSONReader(bytes)
    do throws(JSONError) {
        try reader.skip()
        try reader.finish()
        return nil
    } catch { return error }
}

@Test(arguments: valid)
func `what is JSON is read and written back the same`(_ text: String) throws {
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(scan(Array(text.utf8)) == nil)
    #expect(try JSONValue(parsing: value.bytes) == value)
    #expect(try JSONValue(parsing: Array(value.text.utf8)).text == value.text)
    var reader = JSONReader(Array((" " + text + " ").utf8))
    let raw = try reader.readRaw()
    #expect(try JSONValue(parsing: raw.bytes) == value)
}

@Test(arguments: invalid)
func `what is not JSON is refused as malformed`(_ text: String) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    #expect(error?.kind == .malformed)
    #expect((error?.line ?? 0) >= 1 && (error?.column ?? 0) >= 1)
    #expect(scan(Array(text.utf8)) == error)
}

@Test(arguments: badUTF8)
func `bytes that are not UTF-8 are refused`(_ bytes: [UInt8]) {
    for padding in [0, 5, 8, 13] {
        let text = Array("\"".utf8) + Array(repeating: 0x61, count: padding) + bytes + [0x22]
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.kind == .malformed)
        #expect(scan(text) == error)
        let cut = Array(text.dropLast())
        #expect(throws: JSONError.self) { try JSONValue(parsing: cut) }
    }
}

@Test(arguments: [
    (#""\u0041\u00e9\ud83d\ude00""#, "Aé😀"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
    (#""\u0000""#, "\0"), (#""tail\n""#, "tail\n"), (#""\uFFFF""#, "\u{FFFF}"),
])
func `escapes stand for their characters`(_ text: String, _ expected: String) throws {
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(value.string.map { Array($0.utf8) } == Array(expected.utf8))
}

@Test func `every character survives writing and reading`() throws {
    for first in stride(from: UInt32(0), to: 0x11_0000, by: 61) {
        let scalars = (first..<min(first + 61, 0x11_0000)).compactMap(Unicode.Scalar.init)
        let text = String(String.UnicodeScalarView(scalars))
        let back = try JSONValue(parsing: JSONValue.string(text).bytes).string
        #expect(back.map { Array($0.utf8) } == Array(text.utf8))
    }
}

@Test func `nesting is bounded`() throws {
    func nested(_ depth: Int) -> [UInt8] {
        Array(String(repeating: "[", count: depth).utf8)
            + Array(String(repeating: "]", count: depth).utf8)
    }
    _ = try JSONValue(parsing: nested(64))
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(65)) }
    #expect(error?.detail == "nested deeper than 64 levels")
    #expect(throws: JSONError.self) { try JSONValue(parsing: nested(200_000)) }
    _ = try JSONValue(parsing: nested(3), depth: 3)
    #expect(throws: JSONError.self) { try JSONValue(parsing: nested(4), depth: 3) }
}

@Test func `an error tells line, column and pointer`() throws {
    let text = "{\n  \"a\": [\n    1,\n    {\"b/c~d\": tru}\n  ]\n}"
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    #expect(error?.line == 4)
    #expect(error?.column == 15)
    #expect(error?.pointer == "/a/1/b~1c~0d")
    #expect(error.map { "\($0)" }?.hasPrefix("line 4, column 15: /a/1/b~1c~0d: “true”") == true)
}

@Test func `repeated keys are found among many`() throws {
    let keys = (0..<5000).map { "\"key\($0)\":\($0)" }
    let good = "{" + keys.joined(separator: ",") + "}"
    #expect(try JSONValue(parsing: Array(good.utf8)).object?.count == 5000)
    for place in [0, 7, 16, 4999] {
        let bad = "{" + (keys + ["\"key\(place)\":0"]).joined(separator: ",") + "}"
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array(bad.utf8)) }
        #expect(error?.detail == "the key “key\(place)” stands twice in this object")
    }
}
