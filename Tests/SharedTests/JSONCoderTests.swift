import JSON
import Testing

private struct Inner: Codable, Equatable {
    enum Colour: String, Codable { case red, green }
    var colour: Colour
    var list: [Int8] = []
    var byName: [String: Bool] = [:]
}

private struct Outer: Codable, Equatable {
    var id: Int64
    var large: UInt64 = 0
    var name: String?
    var price: JSONNumber
    var anything: JSONValue?
    var body: JSONBytes
    var inner: [Inner] = []
    var share: Double = 0
}

private func value(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

private func decodeError<T: Decodable>(_ type: T.Type, _ text: String) throws -> JSONError? {
    let value = try value(text)
    return #expect(throws: JSONError.self) { try JSONCoder.decode(type, from: value) }
}

@Test func `a type reads back as it was written`() throws {
    let outer = Outer(
        id: .max, large: .max, name: nil, price: JSONNumber(unscaled: 10, scale: 2),
        anything: ["a": [1, nil, 2]], body: JSONBytes(Array("{\"x\":0.10}".utf8)),
        inner: [Inner(colour: .red, list: [-128, 127], byName: ["a b": true])], share: 0.1)
    let json = JSONCoder.encode(outer)
    #expect(
        json.text
            == #"{"id":9223372036854775807,"large":18446744073709551615,"price":0.10,"#
            + #""anything":{"a":[1,null,2]},"body":{"x":0.10},"#
            + #""inner":[{"colour":"red","list":[-128,127],"byName":{"a b":true}}],"share":0.1}"#)
    #expect(try JSONCoder.decode(Outer.self, from: json) == outer)
}

@Test func `missing and null members read as nil`() throws {
    struct Optional: Codable { var a: Int?; var b: String?; var c: JSONValue? }
    let read = try JSONCoder.decode(Optional.self, from: value(#"{"b":null}"#))
    #expect(read.a == nil && read.b == nil && read.c == nil)
    #expect(JSONCoder.encode(read).text == "{}")
}

@Test func `unknown members are refused at any depth`() throws {
    let text =
        #"{"id":1,"large":1,"price":1,"body":1,"share":1,"inner":[{"colour":"red","list":[],"byName":{},"sise":1}]}"#
    let error = try decodeError(Outer.self, text)
    #expect(error?.kind == .unexpected)
    #expect(error?.pointer == "/inner/0/sise")
    #expect(error?.detail == "the member “sise” is not known here")
}

@Test(arguments: [
    (#"{"colour":"blue","list":[],"byName":{}}"#, "/colour"),
    (#"{"colour":"red","list":[1,128],"byName":{}}"#, "/list/1"),
    (#"{"colour":"red","list":[1.5],"byName":{}}"#, "/list/0"),
    (#"{"colour":"red","list":{},"byName":{}}"#, "/list"),
    (#"{"colour":"red","list":[],"byName":{"a/b":1}}"#, "/byName/a~1b"),
    (#"{"colour":"red","list":null,"byName":{}}"#, "/list"), (#"{"colour":"red","list":[]}"#, ""),
    ("[]", ""), ("null", ""),
])
func `a fault has its pointer`(_ text: String, _ pointer: String) throws {
    let error = try decodeError(Inner.self, text)
    #expect(error?.kind == .unexpected)
    #expect(error?.pointer == pointer)
}

@Test func `integers stay exact beyond a double`() throws {
    let text = "[9007199254740993,-9223372036854775808]"
    let read = try JSONCoder.decode([Int64].self, from: value(text))
    #expect(read == [9_007_199_254_740_993, .min])
    #expect(JSONCoder.encode(read).text == text)
}

@Test func `dictionaries with many members are read`() throws {
    let large = Dictionary(uniqueKeysWithValues: (0..<3000).map { ("key\($0)", $0) })
    #expect(try JSONCoder.decode([String: Int].self, from: JSONCoder.encode(large)) == large)
}

@Test func `doubles that are no numbers are null`() {
    #expect(JSONCoder.encode([Double.nan, .infinity, 1.5]).text == "[null,null,1.5]")
}

@Test func `a call that is both Codable and JSONReadable reads and writes itself`() throws {
    struct Both: Codable, JSONReadable, JSONWritable, Equatable { var a: Int }
    var writer = JSONWriter()
    Both(a: 3).write(json: &writer)
    var reader = JSONReader(writer.bytes)
    #expect(try Both(json: &reader) == Both(a: 3))
}
