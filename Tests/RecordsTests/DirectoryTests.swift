import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Accounts and organization as Records takes them from the gateway.
@Suite struct DirectoryTests {
    private typealias Unit = DirectoryStructure.Unit

    private func company(_ units: Unit...) -> DirectoryStructure {
        DirectoryStructure(code: "company", kind: "unit", units: units)
    }

    private let anna = DirectoryAccount(code: "anna", name: "Anna", active: true)

    private func rows(_ store: TestStore, _ sql: String) async throws -> [String] {
        try await store.database.read { connection in
            try connection.query(sql) { $0.text(0) }
        }
    }

    @Test func `a change is taken where it follows what stands, and only there`() async throws {
        let store = try await TestStore()
        func take(_ base: Int64, _ version: Int64, _ codes: String...) async throws -> Int64 {
            let accounts = codes.map { DirectoryAccount(code: $0, name: $0, active: true) }
            return try await store.directory.take(
                TakeDirectory(base: base, version: version, accounts: accounts)
            ).version
        }
        let accounts = "SELECT code FROM directory_account ORDER BY code"
        #expect(try await take(3, 4, "lost") == 0)
        #expect(try await take(0, 4, "anna", "bob") == 4)
        #expect(try await take(4, 6, "cyd") == 6)
        // What was sent twice, or is from before, changes nothing.
        #expect(try await take(4, 5, "lost") == 6)
        #expect(try await take(0, 4, "lost") == 6)
        #expect(try await rows(store, accounts) == ["anna", "bob", "cyd"])
        // From nothing again: what is not named is gone.
        #expect(try await take(0, 7, "dan") == 7)
        #expect(try await rows(store, accounts) == ["dan"])
    }

    @Test func `the directory stands after a restart`() async throws {
        let store = try await TestStore()
        _ = try await store.directory.take(TakeDirectory(base: 0, version: 9, accounts: [anna]))
        await store.database.close()
        let again = try await TestStore(folder: store.folder)
        var principal = Principal(account: "anna", directory: 9)
        try await again.directory.check(principal)
        principal.directory = 10
        #expect(await refusal { try await again.directory.check(principal) }?.status == 503)
        #expect(try await again.directory.take(TakeDirectory(base: 4, version: 5)).version == 9)
    }

    @Test func `nobody is answered by rights older than the gateway's`() async throws {
        let store = try await TestStore()
        let principal = Principal(account: "anna", directory: 1)
        let problem = await refusal { try await store.directory.check(principal) }
        #expect(problem?.code == "directory-behind" && problem?.retryAfter == 1)
        _ = try await store.directory.take(TakeDirectory(base: 0, version: 1))
        try await store.directory.check(principal)
        try await store.directory.check(.system)
    }

    @Test func `a structure is replaced as a whole, and forgotten when removed`() async throws {
        let store = try await TestStore()
        let closure = "SELECT ancestor || '>' || unit FROM org_closure ORDER BY 1"
        let members = "SELECT account || '@' || unit FROM org_member ORDER BY 1"
        _ = try await store.directory.take(
            TakeDirectory(
                base: 0, version: 1,
                structures: [
                    company(
                        Unit(code: "it", parent: nil, members: ["anna"]),
                        Unit(code: "support", parent: "it", members: ["bob", "cyd"]),
                        Unit(code: "desk", parent: "support", members: []))
                ]))
        #expect(
            try await rows(store, closure) == [
                "desk>desk", "it>desk", "it>it", "it>support", "support>desk", "support>support",
            ])
        #expect(try await rows(store, members) == ["anna@it", "bob@support", "cyd@support"])
        _ = try await store.directory.take(
            TakeDirectory(
                base: 1, version: 2,
                structures: [
                    company(
                        Unit(code: "it", parent: nil, members: []),
                        Unit(code: "desk", parent: "it", members: ["anna"]))
                ]))
        #expect(try await rows(store, closure) == ["desk>desk", "it>desk", "it>it"])
        #expect(try await rows(store, members) == ["anna@desk"])
        _ = try await store.directory.take(
            TakeDirectory(base: 2, version: 3, removedStructures: ["company"]))
        #expect(try await rows(store, closure + " ").isEmpty)
        #expect(try await rows(store, "SELECT code FROM org_unit").isEmpty)
    }

    @Test func `a unit below counts on the days that all units between are valid`() throws {
        let tree = try OrgTree(
            company(
                Unit(code: "a", parent: nil, members: [], from: "2026-01-01"),
                Unit(code: "b", parent: "a", members: [], until: "2026-06-30"),
                Unit(code: "c", parent: "b", members: [], from: "2026-03-01", until: "2026-09-30"),
                Unit(code: "d", parent: "b", members: ["x"], from: "2026-07-01")))
        let windows = tree.descents.map {
            "\($0.ancestor)>\($0.unit) \($0.window.from) \($0.window.until)"
        }
        #expect(
            windows.sorted() == [
                "a>a 2026-01-01 9999-12-31", "a>b 2026-01-01 2026-06-30",
                "a>c 2026-03-01 2026-06-30", "b>b 0000-01-01 2026-06-30",
                "b>c 2026-03-01 2026-06-30", "c>c 2026-03-01 2026-09-30",
                "d>d 2026-07-01 9999-12-31",
            ])
        #expect(tree.members.map(\.window.from) == ["2026-07-01"])
    }

    @Test func `a structure that is no tree is refused and nothing of it taken`() async throws {
        let store = try await TestStore()
        let faulty: [(String, DirectoryStructure)] = [
            (
                "too-deep",
                company(
                    Unit(code: "a", parent: "b", members: []),
                    Unit(code: "b", parent: "a", members: []))
            ),
            ("unknown-unit", company(Unit(code: "a", parent: "z", members: []))),
            (
                "repeated",
                company(
                    Unit(code: "a", parent: nil, members: []),
                    Unit(code: "a", parent: nil, members: []))
            ),
        ]
        for (code, structure) in faulty {
            let problem = await refusal {
                try await store.directory.take(
                    TakeDirectory(base: 0, version: 1, accounts: [anna], structures: [structure]))
            }
            #expect(problem?.errors.map(\.code) == [code])
        }
        #expect(try await rows(store, "SELECT code FROM directory_account").isEmpty)
        #expect(try await store.directory.take(TakeDirectory(base: 0, version: 0)).version == 0)
    }
}
