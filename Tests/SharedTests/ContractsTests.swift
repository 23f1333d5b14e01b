import Contracts
import JSON
import Testing

/// The calls that write their JSON by hand say the same as the coder would.
@Suite struct ContractsTests {
    private let ticket = FullCode(model: "helpdesk", code: "ticket")

    private func bytes(_ value: some JSONWritable) -> [UInt8] {
        var writer = JSONWriter()
        value.write(json: &writer)
        return writer.bytes
    }

    /// By hand and by the coder, there and back.
    private func check<C: JSONReadable & JSONWritable & Codable>(_ call: C) throws {
        let written = try JSONValue(parsing: bytes(call))
        #expect(written == JSONCoder.encode(call))
        var reader = JSONReader(bytes(call))
        let back = try C(json: &reader)
        try reader.finish()
        #expect(bytes(back) == bytes(call))
        let decoded = try JSONCoder.decode(C.self, from: written)
        #expect(bytes(decoded) == bytes(call))
    }

    @Test func `record calls go there and back`() throws {
        let body = JSONBytes(Array("{\"a\":[1,2.50,\"ž\"]}".utf8))
        try check(GetRecord(ticket, id: 14))
        try check(GetRecord(ticket, id: -1, select: ["a", "b"], expand: []))
        try check(ListRecords(ticket))
        try check(
            ListRecords(
                ticket, filter: "a eq 'x\"y'", orderby: "a desc", select: ["a"], expand: ["b"],
                limit: 5, cursor: "c", count: true, totals: "sum(a)"))
        try check(CreateRecord(ticket, body: body))
        try check(CreateRecord(ticket, body: body, atomic: false, upsert: ["a"]))
        try check(ChangeRecord(ticket, id: 1, version: nil, body: body))
        try check(ChangeRecord(ticket, id: 1, version: 7, body: body))
    }

    @Test(arguments: [
        "{}", "[]", "{\"type\":\"helpdesk.ticket\"}", "{\"type\":\"ticket\",\"id\":1}",
        "{\"type\":\"helpdesk.ticket\",\"id\":\"1\"}", "{\"type\":\"helpdesk.ticket\",\"id\":1.5}",
        "{\"type\":\"helpdesk.ticket\",\"id\":1,\"more\":1}",
        "{\"type\":\"helpdesk.ticket\",\"id\":1,\"select\":\"a\"}",
    ]) func `what is no such call is unexpected`(text: String) {
        let error = #expect(throws: JSONError.self) {
            var reader = JSONReader(Array(text.utf8))
            _ = try GetRecord(json: &reader)
        }
        #expect(error?.kind == .unexpected)
    }

    @Test func `null stands for a member that is missing`() throws {
        var reader = JSONReader(
            Array("{\"type\":\"a.b\",\"filter\":null,\"limit\":null,\"select\":null}".utf8))
        let list = try ListRecords(json: &reader)
        #expect(list.filter == nil && list.limit == nil && list.select == nil)
    }
}
