@testable import Database
@testable import Records
import Testing

/// How the SQL of a query is read before an engine sees it.
@Suite struct QueryTextTests {
    private let server = Dialect(engine: .postgresql)

    @Test func `comments go, and parameters are found`() throws {
        let text = try QueryText(
            "select a::text, :x /* :no /* it's */ ' */ -- \" :no\n, ':no' || \":no\", :y", server)
        #expect(text.parameters == ["x", "y"])
        #expect(text.pieces == ["select a::text, ", "    \n, ':no' || \":no\", ", ""])
        #expect(text.names == ["select", "a", "text", ":no"])
    }

    @Test(arguments: [
        "select e'x'", "select E'\\''", "select U&'x'", "select u&\"x\"", "select 1e'x'",
        "select x'00'",
        "select `a`", "select $$a$$", "select 1 /* /* */", "select 1; select 2", "select a ? b",
        "select a @> b", "select 1)", "select (1", "select 'a", "select \"a", "select a'b'",
    ])
    func `what hides where a text ends is refused`(_ sql: String) {
        #expect(throws: FilterFault.self) { try QueryText(sql, server) }
    }

    @Test func `a line of a comment ends where the server says`() throws {
        let text = try QueryText("select 1 --\r, :x", server)
        #expect(text.parameters == ["x"])
        #expect(throws: FilterFault.self) { try QueryText("select 1 --\r)", server) }
        #expect(try QueryText("select 1 --\r)", Dialect(engine: .sqlite)).pieces.count == 1)
    }
}
