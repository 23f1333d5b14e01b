import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// Rows by organization: what a grant of scope `own`, `unit` or `subtree` over a column gives.
@Suite struct UnitRightsTests {
    private static let file = FullCode(model: "office", code: "file")
    private static let note = FullCode(model: "office", code: "note")

    private static let office = """
        {"code": "office", "name": "Office", "roles": ["clerk", "head", "peer", "watcher", "mixed"],
         "classes": [
          {"code": "file", "name": "File", "webAccess": true,
           "columns": [
            {"code": "title", "type": "text", "required": true},
            {"code": "secret", "type": "text"},
            {"code": "department", "type": "unit", "structure": "company"},
            {"code": "teams", "type": "unit", "structure": "teams", "many": true},
            {"code": "owner", "type": "account"},
            {"code": "watchers", "type": "account", "many": true}],
           "grants": [
            {"role": "clerk", "operations": ["read", "insert", "change", "delete"],
             "rows": {"scope": "unit", "column": "department"}},
            {"role": "head", "operations": ["read", "insert", "change", "delete"],
             "rows": {"scope": "subtree", "column": "department"}},
            {"role": "peer", "operations": ["read"],
             "rows": {"scope": "subtree", "column": "teams"}},
            {"role": "watcher", "operations": ["read"],
             "rows": {"scope": "own", "column": "watchers"}},
            {"role": "watcher", "operations": ["read", "change"],
             "rows": {"scope": "own", "column": "owner"}},
            {"role": "mixed", "operations": ["read", "change"], "columns": ["title"]},
            {"role": "mixed", "operations": ["read", "change"], "columns": ["secret"],
             "rows": {"scope": "subtree", "column": "department"}},
            {"role": "mixed", "operations": ["read", "change"], "columns": ["department"],
             "rows": {"scope": "own", "column": "owner"}}]},
          {"code": "note", "name": "Note", "webAccess": true,
           "columns": [{"code": "file", "type": "reference", "class": "file"}],
           "grants": [{"role": "clerk", "operations": ["read", "insert"]}]}]}
        """

    /// company: it > support > desk; it > lab (from 2027 on). teams: red, blue > azure.
    private static let structures = [
        DirectoryStructure(
            code: "company", kind: "unit",
            units: [
                .init(code: "it", parent: nil, members: ["ida"]),
                .init(code: "support", parent: "it", members: ["sue", "bob"]),
                .init(code: "desk", parent: "support", members: ["dan"]),
                .init(code: "lab", parent: "it", members: ["lea"], from: "2027-01-01"),
            ]),
        DirectoryStructure(
            code: "teams", kind: "team",
            units: [
                .init(code: "red", parent: nil, members: ["rob"]),
                .init(code: "blue", parent: nil, members: ["ben"]),
                .init(code: "azure", parent: "blue", members: ["amy", "rob"]),
            ]),
    ]

    private let clock = ManualClock(start: Timestamp(milliseconds: 1_795_000_000_000))

    private func make() async throws -> TestStore {
        let store = try await TestStore(clock: clock)
        try await store.apply(json(UnitRightsTests.office))
        let people = ["ida", "sue", "bob", "dan", "lea", "rob", "ben", "amy", "eve"]
        _ = try await store.directory.take(
            TakeDirectory(
                base: 0, version: 1,
                accounts: people.map { DirectoryAccount(code: $0, name: $0, active: true) },
                structures: UnitRightsTests.structures))
        let files = [
            #"{"title": "1", "secret": "x", "department": "it", "teams": ["red"]}"#,
            #"{"title": "2", "secret": "x", "department": "support", "owner": "eve"}"#,
            #"{"title": "3", "secret": "x", "department": "desk", "watchers": ["sue", "eve"]}"#,
            #"{"title": "4", "secret": "x", "department": "lab", "teams": ["blue", "red"]}"#,
            #"{"title": "5", "secret": "x", "teams": ["azure"], "owner": "bob"}"#,
        ]
        for text in files {
            try await store.create(UnitRightsTests.file, json(text))
        }
        return store
    }

    @Test func `scope unit gives own units, scope subtree those below too`() async throws {
        let store = try await make()
        let expected: [(String, String, [Int64])] = [
            ("sue", "clerk", [2]), ("sue", "head", [2, 3]), ("ida", "clerk", [1]),
            ("ida", "head", [1, 2, 3]), ("dan", "head", [3]), ("eve", "head", []),
            ("rob", "head", []),
        ]
        for (account, role, ids) in expected {
            let caller = CallContext.caller(account, role)
            #expect(try await store.ids(UnitRightsTests.file, as: caller) == ids, "\(account)")
            for id in Int64(1)...5 {
                let problem = await refusal {
                    try await store.get(UnitRightsTests.file, id, as: caller)
                }
                #expect(problem?.status == (ids.contains(id) ? nil : 404), "\(account) \(id)")
            }
        }
    }

    @Test func `a column of many units gives the row by any of them`() async throws {
        let store = try await make()
        let expected: [(String, [Int64])] = [
            ("rob", [1, 4, 5]), ("ben", [4, 5]), ("amy", [5]), ("ida", []),
        ]
        for (account, ids) in expected {
            let caller = CallContext.caller(account, "peer")
            #expect(try await store.ids(UnitRightsTests.file, as: caller) == ids, "\(account)")
        }
    }

    @Test func `scope own goes by account columns, of many values too`() async throws {
        let store = try await make()
        let eve = CallContext.caller("eve", "watcher")
        #expect(try await store.ids(UnitRightsTests.file, as: eve) == [2, 3])
        #expect(
            try await store.ids(UnitRightsTests.file, as: .caller("sue", "watcher")) == [3])
        try await store.change(UnitRightsTests.file, 2, ["title": "mine"], as: eve)
        let problem = await refusal {
            try await store.change(UnitRightsTests.file, 3, ["title": "not mine"], as: eve)
        }
        #expect(problem?.status == 403)
    }

    @Test func `a unit counts from its first day to its last, at the time of the request`()
        async throws
    {
        let store = try await make()
        let (ida, lea) = (CallContext.caller("ida", "head"), CallContext.caller("lea", "head"))
        #expect(try await store.ids(UnitRightsTests.file, as: lea) == [])
        while clock.now().text < "2027-01-01" { clock.advance(by: .seconds(86_400)) }
        #expect(try await store.ids(UnitRightsTests.file, as: lea) == [4])
        #expect(try await store.ids(UnitRightsTests.file, as: ida) == [1, 2, 3, 4])
    }

    @Test func `a change of the organization holds from the next call on`() async throws {
        let store = try await make()
        let sue = CallContext.caller("sue", "head")
        #expect(try await store.ids(UnitRightsTests.file, as: sue) == [2, 3])
        var company = UnitRightsTests.structures[0]
        company.units[2].parent = "it"
        _ = try await store.directory.take(
            TakeDirectory(base: 1, version: 2, structures: [company]))
        #expect(try await store.ids(UnitRightsTests.file, as: sue) == [2])
    }

    @Test func `nobody puts a record where he may not touch it, or moves it there`() async throws {
        let store = try await make()
        let sue = CallContext.caller("sue", "head")
        for (department, status) in [("support", 200), ("desk", 200), ("it", 403), ("lab", 403)] {
            let body = try json(#"{"title": "n", "department": "\#(department)"}"#)
            let problem = await refusal {
                try await store.create(UnitRightsTests.file, body, as: sue)
            }
            #expect(problem?.status ?? 200 == status, "\(department)")
            if status == 403 {
                #expect(problem?.faults == ["/department forbidden"])
                #expect(problem?.errors.first?.detail.contains("your units or below") == true)
            }
        }
        let without = await refusal {
            try await store.create(UnitRightsTests.file, ["title": "n"], as: sue)
        }
        #expect(without?.status == 403)
        // Out of its reach, into it, and within it.
        let moves: [(Int64, String, Int)] = [(2, "it", 403), (1, "desk", 404), (2, "desk", 200)]
        for (id, department, status) in moves {
            let body = try json(#"{"department": "\#(department)"}"#)
            let problem = await refusal {
                try await store.change(UnitRightsTests.file, id, body, as: sue)
            }
            #expect(problem?.status ?? 200 == status, "\(id) \(department)")
        }
        #expect(try await store.history(UnitRightsTests.file, 2).count == 2)
        #expect(
            await refusal { try await store.delete(UnitRightsTests.file, 1, as: sue) }?.status
                == 404)
        try await store.delete(UnitRightsTests.file, 3, as: sue)
    }

    @Test func `columns differ by row as their grants do`() async throws {
        let store = try await make()
        var sue = Principal(account: "sue", roles: ["mixed"])
        var items =
            try await store.list(UnitRightsTests.file, as: .make(sue))["items"]?.array ?? []
        #expect(items.map { $0["title"] } == ["1", "2", "3", "4", "5"])
        #expect(items.map { $0["secret"] } == [nil, "x", "x", nil, nil])
        #expect(items.allSatisfy { $0["department"] == nil && $0["owner"] == nil })
        #expect(
            try await store.ids(UnitRightsTests.file, filter: "secret eq 'x'", as: .make(sue))
                == [2, 3])
        #expect(
            try await store.ids(UnitRightsTests.file, filter: "department ne null", as: .make(sue))
                == [])
        let refused = await refusal {
            try await store.change(UnitRightsTests.file, 1, ["secret": "y"], as: .make(sue))
        }
        #expect(refused?.faults == ["/secret unknown-member"])
        sue = Principal(account: "eve", roles: ["mixed"])
        items = try await store.list(UnitRightsTests.file, as: .make(sue))["items"]?.array ?? []
        #expect(items.map { $0["department"] } == [nil, "support", nil, nil, nil])
    }

    @Test func `what a change makes of a record decides on its columns too`() async throws {
        let store = try await make()
        // Bob owns 5 and may set its department; the secret is his only below his own unit, where
        // the record comes to lie by the same change.
        let bob = CallContext.caller("bob", "mixed")
        let out = await refusal {
            try await store.change(
                UnitRightsTests.file, 5, ["department": "it", "secret": "y"], as: bob)
        }
        #expect(out?.status == 422)
        try await store.change(UnitRightsTests.file, 5, ["department": "support"], as: bob)
        try await store.change(UnitRightsTests.file, 5, ["secret": "y"], as: bob)
        let away = await refusal {
            try await store.change(
                UnitRightsTests.file, 5, ["department": "it", "secret": "z"], as: bob)
        }
        #expect(away?.status == 403 && away?.faults == ["/secret forbidden"])
        #expect(try await store.get(UnitRightsTests.file, 5)["department"] == "support")
    }

    @Test func `references, expands and history go by the same rows`() async throws {
        let store = try await make()
        for id in [1, 2] {
            try await store.create(
                UnitRightsTests.note, ["file": .number(JSONNumber(Int64(id)))])
        }
        let sue = CallContext.caller("sue", "clerk")
        let notes = try await store.list(UnitRightsTests.note, expand: ["file"], as: sue)
        #expect(notes["items"]?.array?.map { $0["file"]?["title"] } == [nil, "2"])
        #expect(
            try await store.ids(UnitRightsTests.note, filter: "file/title eq '1'", as: sue) == [])
        #expect(
            try await store.ids(UnitRightsTests.note, filter: "file/title eq '2'", as: sue) == [2])
        let missing = await refusal {
            try await store.create(UnitRightsTests.note, ["file": 1], as: sue)
        }
        #expect(missing?.faults == ["/file not-found"])
        #expect(try await store.history(UnitRightsTests.file, 2, as: sue).count == 1)
        let hidden = await refusal { try await store.history(UnitRightsTests.file, 1, as: sue) }
        #expect(hidden?.status == 404)
        // Deleted, its history is still whose it was.
        try await store.delete(UnitRightsTests.file, 2)
        #expect(try await store.history(UnitRightsTests.file, 2, as: sue).count == 2)
    }

    @Test(arguments: [
        (#"{"scope": "unit"}"#, "column required"),
        (#"{"scope": "subtree", "column": "owner"}"#, "column wrong-type"),
        (#"{"scope": "own", "column": "department"}"#, "column wrong-type"),
        (#"{"scope": "own", "column": "nothing"}"#, "column unknown-column"),
        (#"{"scope": "all", "column": "owner"}"#, "column unsupported"),
        (#"{"scope": "mine"}"#, "scope not-allowed"),
    ])
    func `a row scope that makes no sense is a fault at its place`(rows: String, fault: String)
        async throws
    {
        let store = try await TestStore()
        let text = UnitRightsTests.office.replacing(
            #"{"scope": "unit", "column": "department"}"#, with: rows)
        let faults = try await store.faults(json(text))
        #expect(faults.map { "\($0.pointer) \($0.code)" } == ["/classes/0/grants/0/rows/\(fault)"])
    }
}

/// Files take a grant of their own, beside that to read or write.
@Suite struct FileRightsTests {
    private static let paper = FullCode(model: "files", code: "paper")

    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(
            json(
                """
                {"code": "files", "name": "Files", "roles": ["reader", "taker"], "classes": [
                  {"code": "paper", "name": "Paper", "webAccess": true,
                   "columns": [{"code": "title", "type": "text"}, {"code": "secret", "type": "text"},
                               {"code": "owner", "type": "account"}],
                   "grants": [
                    {"role": "reader", "operations": ["read", "insert", "change"]},
                    {"role": "taker", "operations": ["export", "import"],
                     "columns": ["title", "owner"], "rows": {"scope": "own", "column": "owner"}}]}]}
                """))
        _ = try await store.directory.take(
            TakeDirectory(
                base: 0, version: 1,
                accounts: ["ann", "bob"].map {
                    DirectoryAccount(code: $0, name: $0, active: true)
                }))
        for owner in ["ann", "bob"] {
            try await store.create(
                FileRightsTests.paper,
                ["title": "t", "secret": "s", "owner": .string(owner)])
        }
        return store
    }

    private func export(
        _ store: TestStore, _ filter: String? = nil, as context: CallContext
    ) async throws -> JSONValue {
        var call = ListRecords(FileRightsTests.paper, filter: filter)
        call.export = true
        return try JSONValue(parsing: await store.records.list(call, context).bytes)
    }

    @Test func `an export has the rows and columns that both read and export give`() async throws {
        let store = try await make()
        let ann = CallContext.caller("ann", "reader", "taker")
        let list = try await export(store, as: ann)
        #expect(list.ids == [1])
        #expect(list["items"]?.array?.first?["secret"] == nil)
        #expect(try await store.ids(FileRightsTests.paper, as: ann) == [1, 2])
        let hidden = await refusal { try await export(store, "secret eq 's'", as: ann) }
        #expect(hidden?.code == "invalid-filter")
        for roles in [["reader"], ["taker"]] {
            let caller = CallContext.make(Principal(account: "ann", roles: roles))
            #expect(await refusal { try await export(store, as: caller) }?.status == 403)
        }
        let description = try store.models.current.describe(FileRightsTests.paper, ann)
        #expect(
            description.columns.filter { $0.exportable == true }.map(\.code) == ["title", "owner"])
    }

    @Test func `an import writes what both its grant and that to write give`() async throws {
        let store = try await make()
        var ann = CallContext.caller("ann", "reader", "taker", door: .import)
        try await store.create(FileRightsTests.paper, ["title": "n", "owner": "ann"], as: ann)
        for body in [["title": "n", "owner": "bob"], ["secret": "n", "owner": "ann"]] as [JSONValue]
        {
            #expect(
                await refusal { try await store.create(FileRightsTests.paper, body, as: ann) }?
                    .status == 403)
        }
        #expect(
            await refusal {
                try await store.change(FileRightsTests.paper, 2, ["title": "n"], as: ann)
            }?.status == 403)
        ann.door = .api
        try await store.change(FileRightsTests.paper, 2, ["title": "n"], as: ann)
    }
}
