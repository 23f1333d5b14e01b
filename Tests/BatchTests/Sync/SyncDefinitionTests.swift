import JSON
import TestSupport
import Testing

@testable import Batch

private func problems(_ source: String, _ more: String = "") throws -> [String] {
    let text = """
        {"code": "shop", "classes": [{"code": "item", "columns": [
            {"code": "code", "type": "text", "unique": true}, {"code": "name", "type": "text"}]}],
         "syncs": [{"code": "s", "class": "item", "source": \(source), "key": {"code": "no"},
            "columns": {"name": "name"}\(more)}]}
        """
    let document = try JSONValue(parsing: Array(text.utf8))
    return Models.read(document, model: "shop").0.map { "\($0.pointer) \($0.code)" }.sorted()
}

@Suite struct `The source of a synchronization` {
    private static let server =
        #"{"kind": "postgresql", "host": "db.example.org", "database": "crm", "user": "me", "#
        + #""password": "secret:crm", "table": "public.items"}"#
    private static let data = #"{"kind": "odbc", "dsn": "crm_2", "table": "items"}"#
    private static let instance =
        #"{"kind": "geartrain", "url": "https://other.example.org", "token": "secret:t", "#
        + #""class": "shop.item"}"#

    @Test func `is taken by a build that has its library, and refused by another`() throws {
        let refused = ["/syncs/0/source/kind not-built"]
        #if PostgreSQL
            let (server, data) = ([String](), [String]())
        #else
            let (server, data) = (refused, refused)
        #endif
        #expect(try problems(`The source of a synchronization`.server) == server)
        #expect(try problems(`The source of a synchronization`.data) == data)
        #expect(try problems(`The source of a synchronization`.instance) == [])
        #expect(refused.count == 1)
    }

    @Test func `names secrets, one host, a name of odbc.ini, and only reads an instance`() throws {
        func faults(_ source: String, _ old: String, _ new: String) throws -> [String] {
            try problems(source.replacing(old, with: new)).filter { !$0.hasSuffix("not-built") }
        }
        let (server, data, instance) = (
            `The source of a synchronization`.server, `The source of a synchronization`.data,
            `The source of a synchronization`.instance
        )
        #expect(
            try faults(server, "secret:crm", "cogwheel") == [
                "/syncs/0/source/password invalid-code"
            ])
        #expect(
            try faults(server, "db.example.org", "/var/run") == [
                "/syncs/0/source/host invalid-address"
            ])
        #expect(
            try faults(data, "crm_2", "x;Driver=y") == ["/syncs/0/source/dsn invalid-name"])
        #expect(
            try faults(instance, "secret:t", "gt_1") == ["/syncs/0/source/token invalid-code"])
        #expect(
            try problems(instance, #", "direction": "push", "cursor": "changed""#) == [
                "/syncs/0/cursor contradiction", "/syncs/0/direction contradiction",
            ])
    }
}
