import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Classes with a parent: one table for the family, columns, grants and lists of the parent.
@Suite struct InheritanceTests {
    @Test
    func `the parent's list shows the children, and a child's only its own and its children's`()
        async throws
    {
        let store = try await inventory()
        #expect(try await store.ids(asset) == [1, 2, 3, 4])
        #expect(try await store.ids(laptop) == [2, 3])
        #expect(try await store.ids(gaming) == [3])
        #expect(try await store.ids(car) == [4])
        let record = try await store.get(asset, 3)
        #expect(record["class"] == "inventory.gaming")
        #expect(record["name"] == "Blaster")
        #expect(record["serial"] == nil)
        #expect(record["describe"] == "Blaster")
        #expect(try await store.get(laptop, 3)["serial"] == "S3")
        #expect(await refusal { try await store.get(laptop, 4) }?.status == 404)
        #expect(await refusal { try await store.get(gaming, 2) }?.status == 404)
        let counted = try await store.list(laptop, filter: "name ne 'x'", limit: 1, count: true)
        #expect(counted["count"] == 2)
    }

    @Test func `a record of a class that stands alone does not name its class`() async throws {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        try await store.create(ticket, ["subject": "a"])
        #expect(try await store.get(ticket, 1)["class"] == nil)
    }

    @Test func `the class can be selected, filtered and sorted by, and not written`() async throws {
        let store = try await inventory()
        #expect(try await store.ids(asset, filter: "class eq 'inventory.car'") == [4])
        #expect(try await store.ids(asset, orderby: "class desc,id") == [2, 3, 4, 1])
        #expect(try await store.get(asset, 4, select: ["class"])["class"] == "inventory.car")
        let problem = await refusal {
            try await store.create(asset, ["name": "x", "class": "inventory.car"])
        }
        #expect(problem?.faults == ["/class read-only"])
    }

    @Test func `a child is changed and deleted by the parent's route, and its history says both`()
        async throws
    {
        let store = try await inventory()
        try await store.change(asset, 3, version: 1, ["name": "Blaster 2"])
        #expect(try await store.get(gaming, 3)["name"] == "Blaster 2")
        // It is a record of its own class, whatever the route.
        try await store.change(asset, 3, version: 2, ["serial": "S9"])
        #expect(try await store.get(gaming, 3)["serial"] == "S9")
        #expect(try await store.history(asset, 3).count == 3)
        #expect(try await store.history(gaming, 3).count == 3)
        #expect(await refusal { try await store.history(car, 3) }?.status == 404)
        try await store.delete(asset, 3, version: 3)
        #expect(try await store.ids(laptop) == [2])
        #expect(try await store.history(laptop, 3).count == 4)
    }

    @Test func `a reference to the parent takes children, and one to a child no other`()
        async throws
    {
        let store = try await inventory()
        let desk = FullCode(model: "inventory", code: "desk")
        try await store.create(desk, ["asset": 3, "laptop": 3])
        let shown = try await store.get(desk, 1, expand: ["asset", "laptop"])
        #expect(shown["asset"]?["class"] == "inventory.gaming")
        #expect(shown["asset"]?["serial"] == nil)
        #expect(shown["laptop"]?["serial"] == "S3")
        let problem = await refusal { try await store.create(desk, ["asset": 4, "laptop": 4]) }
        #expect(problem?.faults == ["/laptop not-found"])
        #expect(try await store.ids(desk, filter: "laptop/serial eq 'S3'") == [1])
        let number = try await store.number(desk)
        let foreign = try await store.foreign(
            "INSERT INTO DataRow_\(number) (laptop) VALUES (4)")
        #expect(foreign.output.contains("must be the id of a inventory.laptop"))
        #expect(
            try await store.foreign("INSERT INTO DataRow_\(number) (asset) VALUES (4)").code == 0)
    }

    @Test func `grants, required columns and defaults of the parent hold for the children`()
        async throws
    {
        let store = try await inventory()
        let keeper = CallContext.caller("anna", "keeper")
        #expect(try await store.ids(asset, as: keeper) == [1, 2, 3, 4])
        #expect(try await store.get(gaming, 3, as: keeper)["watts"] == 400)
        let driver = CallContext.caller("bob", "driver")
        #expect(try await store.ids(car, as: driver) == [4])
        #expect(await refusal { try await store.ids(asset, as: driver) }?.status == 404)
        let problem = await refusal { try await store.create(gaming, ["watts": 1]) }
        #expect(problem?.faults == ["/name required"])
        #expect(try await store.create(gaming, ["name": "y"])["state"] == "new")
    }

    @Test func `other programs write any class of the family, and only its own columns`()
        async throws
    {
        let store = try await inventory()
        let table = "DataRow_\(try await store.number(asset))"
        let made = try await store.foreign(
            """
            INSERT INTO \(table) (class, name) VALUES ('inventory.gaming', 'sql');
            INSERT INTO \(table) (name) VALUES ('plain');
            """)
        #expect(made.code == 0, "\(made.output)")
        #expect(try await store.get(gaming, 5)["watts"] == 400)
        #expect(try await store.history(gaming, 5).first?["door"] == "database")
        #expect(try await store.get(asset, 6)["class"] == "inventory.asset")
        #expect(try await store.foreign("SELECT watts FROM \(table) WHERE id = 6").output == "\n")
        for (sql, words) in [
            (
                "INSERT INTO \(table) (name, serial) VALUES ('a', 'b')",
                "is no column of the record's"
            ),
            ("INSERT INTO \(table) (class, name) VALUES ('x', 'b')", "class must be one of"),
            ("UPDATE \(table) SET class = 'inventory.car' WHERE id = 2", "cannot change"),
            ("UPDATE \(table) SET plate = 'x' WHERE id = 2", "is no column of the record's class"),
        ] {
            let refused = try await store.foreign(sql)
            #expect(refused.code != 0 && refused.output.contains(words), "\(refused.output)")
        }
        let view = try await store.foreign(
            "SELECT class, name, watts FROM inventory_gaming ORDER BY id")
        #expect(view.output == "inventory.gaming|Blaster|400\ninventory.gaming|sql|400\n")
        #expect(try await store.foreign("SELECT count(*) FROM inventory_asset").output == "6\n")
    }

    @Test func `by the parent's route too an import takes the grant to import`() async throws {
        let store = try await TestStore()
        try await store.apply(
            json(
                """
                {"code": "inventory", "name": "I", "roles": ["r"], "classes": [
                  {"code": "asset", "columns": [{"code": "name", "type": "text"}], "grants": [
                    {"role": "r", "operations": ["read", "change"]},
                    {"role": "r", "operations": ["import"], "columns": ["name"]}]},
                  {"code": "laptop", "parent": "asset",
                   "columns": [{"code": "serial", "type": "text"}]}]}
                """))
        try await store.create(laptop, ["name": "a", "serial": "1"])
        let caller = CallContext.caller("ann", "r", door: .import)
        try await store.change(asset, 1, ["name": "b"], as: caller)
        for type in [asset, laptop] {
            let problem = await refusal {
                try await store.change(type, 1, ["serial": "2"], as: caller)
            }
            #expect(problem != nil)
        }
        #expect(try await store.get(laptop, 1)["serial"] == "1")
    }

    @Test func `events carry the class that the record is of`() async throws {
        let store = try await inventory()
        let entries = try await store.database.read {
            try ChangeLog.entries($0, after: 0, limit: 10, bytes: 1 << 20, store: "s")
        }
        let events = try entries.map { try JSONValue(parsing: $0.event.bytes) }
        #expect(
            events.map { $0["record"]?.string?.split(separator: ".").last } == [
                "asset", "laptop", "gaming", "car",
            ])
        #expect(events[2]["after"]?["watts"] == 400)
        #expect(events[3]["after"]?["class"] == "inventory.car")
    }

    @Test func `faults of families are told with their pointers`() async throws {
        let store = try await TestStore()
        let chain = (0...9).map { level in
            let parent = level == 0 ? "" : #", "parent": "c\#(level - 1)""#
            return #"{"code": "c\#(level)"\#(parent)}"#
        }.joined(separator: ", ")
        for (classes, expected) in [
            (
                #"{"code": "a", "parent": "b"}, {"code": "b", "parent": "a"}"#,
                ["/classes/1/parent cycle"]
            ),
            (#"{"code": "a", "parent": "a"}"#, ["/classes/0/parent cycle"]),
            (#"{"code": "a", "parent": "x"}"#, ["/classes/0/parent unknown-class"]),
            (chain, ["/classes/9/parent too-deep"]),
            (
                """
                {"code": "b", "parent": "a", "columns": [{"code": "x", "type": "text"}]},
                {"code": "a", "columns": [{"code": "x", "type": "text"}]}
                """, ["/classes/0/columns/0/code repeated"]
            ),
            (
                """
                {"code": "a"},
                {"code": "b", "parent": "a", "columns": [{"code": "x", "type": "text"}]},
                {"code": "c", "parent": "a", "columns": [{"code": "x", "type": "integer"}]}
                """, ["/classes/2/columns/0 contradiction"]
            ),
            (
                """
                {"code": "a", "history": false, "webAccess": true},
                {"code": "b", "parent": "a", "history": true, "deletion": "physical",
                 "webAccess": false}
                """,
                [
                    "/classes/1/history contradiction", "/classes/1/deletion contradiction",
                    "/classes/1/webAccess contradiction",
                ]
            ),
        ] {
            let faults = try await store.faults(
                json(#"{"code": "m", "name": "M", "classes": [\#(classes)]}"#))
            #expect(faults.map { "\($0.pointer) \($0.code)" } == expected)
        }
    }

    @Test func `a class that stands keeps its parent, and the fault says what to do`() async throws
    {
        let store = try await inventory()
        let faults = try await store.faults(
            json(
                inventoryText.replacing(
                    #""code": "car", "parent": "asset""#, with: #""code": "car""#)))
        #expect(faults.map(\.code).contains("unchangeable"))
        #expect(faults.contains { $0.detail.contains("copy the records") })
    }

    @Test func `families grow and shrink, and only what is named is lost`() async throws {
        let store = try await TestStore()
        let root = #"{"code": "asset", "columns": [{"code": "name", "type": "text"}]}"#
        func document(_ classes: String) throws -> JSONValue {
            try json(#"{"code": "inventory", "name": "I", "classes": [\#(classes)]}"#)
        }
        try await store.apply(document(root))
        try await store.create(asset, ["name": "old"])
        let child = """
            {"code": "laptop", "parent": "asset", "columns": [
             {"code": "serial", "type": "text"},
             {"code": "cores", "type": "integer", "default": 4}]}
            """
        try await store.apply(document("\(child), \(root)"))
        #expect(try await store.get(asset, 1)["class"] == "inventory.asset")
        try await store.create(laptop, ["name": "new", "serial": "s"])
        // A column moves up: every value stays.
        let up =
            #"{"code": "asset", "columns": [{"code": "name", "type": "text"}, {"code": "serial", "type": "text"}]}"#
        let plain =
            #"{"code": "laptop", "parent": "asset", "columns": [{"code": "cores", "type": "integer", "default": 4}]}"#
        try await store.apply(document("\(up), \(plain)"))
        #expect(try await store.get(asset, 2)["serial"] == "s")
        try await store.change(asset, 1, ["serial": "t"])
        // And down again: what the parent itself had goes, and is named.
        let problem = await refusal { try await store.apply(document("\(root), \(child)")) }
        #expect(
            try problem?.extra["changes"]
                == json(
                    """
                    [{"operation": "drop", "kind": "column", "code": "asset.serial", "rows": 1,
                      "detail": "1 row with a value would lose it"}]
                    """
                ))
        try await store.apply(document("\(root), \(child)"), allowDestructive: true)
        #expect(try await store.get(laptop, 2)["serial"] == "s")
        #expect(
            try await store.foreign(
                "SELECT count(*) FROM DataRow_1 WHERE id = 1 AND serial IS NULL"
            ).output
                == "1\n")
        // The child goes with its rows, the parent's stay.
        let gone = await refusal { try await store.apply(document(root)) }
        #expect(
            try gone?.extra["changes"]
                == json(
                    """
                    [{"operation": "drop", "kind": "class", "code": "laptop", "rows": 1,
                      "detail": "1 row would go"}]
                    """))
        try await store.apply(document(root), allowDestructive: true)
        #expect(try await store.ids(asset) == [1])
        #expect(try await store.get(asset, 1)["class"] == nil)
        #expect(try await store.history(asset, 1).count == 2)
    }
}

let asset = FullCode(model: "inventory", code: "asset")
let laptop = FullCode(model: "inventory", code: "laptop")
private let gaming = FullCode(model: "inventory", code: "gaming")
private let car = FullCode(model: "inventory", code: "car")

private let inventoryText = """
    {"code": "inventory", "name": "Inventory", "roles": ["keeper", "driver"], "classes": [
     {"code": "gaming", "parent": "laptop", "columns": [
      {"code": "watts", "type": "integer", "default": 400}]},
     {"code": "asset", "describe": "{name}", "webAccess": true, "columns": [
      {"code": "name", "type": "text", "required": true},
      {"code": "state", "type": "choice", "choices": ["new", "old"], "default": "new"}],
      "grants": [{"role": "keeper", "operations": ["read", "insert", "change", "delete"]}]},
     {"code": "laptop", "parent": "asset", "columns": [
      {"code": "serial", "type": "text", "unique": true}]},
     {"code": "car", "parent": "asset", "columns": [{"code": "plate", "type": "text"}],
      "grants": [{"role": "driver", "operations": ["read"]}]},
     {"code": "desk", "columns": [{"code": "asset", "type": "reference", "class": "asset"},
                                  {"code": "laptop", "type": "reference", "class": "laptop"}]}]}
    """

/// One record of each class of the family: asset 1, laptop 2, gaming 3, car 4.
private func inventory() async throws -> TestStore {
    let store = try await TestStore()
    try await store.apply(json(inventoryText))
    try await store.create(asset, ["name": "Chair"])
    try await store.create(laptop, ["name": "Slate", "serial": "S2"])
    try await store.create(gaming, ["name": "Blaster", "serial": "S3"])
    try await store.create(car, ["name": "Van", "plate": "P4"])
    return store
}

extension TestStore {
    /// Of the table of a class.
    func number(_ type: FullCode) async throws -> Int64 {
        try await database.read {
            try $0.count(
                "SELECT number FROM class WHERE model = ? AND code = ? AND dropped = 0",
                [.text(type.model), .text(type.code)])
        }
    }
}
