import JSON
import Testing

@Suite struct JSONKeyTests {
    @Test(arguments: ["a", "", "a\"b\\c", "žába", "line\nbreak"])
    func `a key made beforehand is written as any other`(text: String) throws {
        var made = JSONWriter()
        var plain = JSONWriter()
        for number in 0..<3 {
            made.beginObject()
            plain.beginObject()
            for _ in 0..<number {
                made.key(JSONKey(text))
                made.integer(1)
                plain.key(text)
                plain.integer(1)
            }
            made.endObject()
            plain.endObject()
        }
        #expect(made.bytes == plain.bytes)
    }

    @Test(arguments: [
        ("plain", "\"plain\""), ("", "\"\""), ("a\"b", "\"a\\\"b\""), ("žába", "\"žába\""),
        ("tab\there", "\"tab\\there\""), ("\u{1}", "\"\\u0001\""),
        (
            "a long text without anything special in it",
            "\"a long text without anything special in it\""
        ),
        ("a long text with a quote \" at its end", "\"a long text with a quote \\\" at its end\""),
    ]) func `a row's text is written as JSON`(text: String, expected: String) {
        var writer = JSONWriter()
        Array(text.utf8).withUnsafeBufferPointer { writer.string(utf8: $0) }
        #expect(writer.bytes == Array(expected.utf8))
    }

    @Test func `invalid UTF-8 is repaired`() {
        var writer = JSONWriter()
        [UInt8]([0x61, 0xFF, 0x22]).withUnsafeBufferPointer { writer.string(utf8: $0) }
        #expect(writer.bytes == Array("\"a\u{FFFD}\\\"\"".utf8))
    }
}
