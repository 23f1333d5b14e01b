import JSON
import Testing

@Test func `a document reads back as it was written`() throws {
    let text = #"{"a":[1,2.50,-0,1e2,true,null,"é\n\"\\"],"b":{}}"#
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(value.text == text)
}
