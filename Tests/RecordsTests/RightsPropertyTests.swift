import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// Random companies, grants, records and people: what the service does is what the brute-force
/// evaluator says, for every door into a record's values.
@Suite struct RightsPropertyTests {
    static let seeds: [UInt64] = Array(1...12)

    private final class Scene {
        var world: RightsWorld
        let store: TestStore
        let clock: ManualClock
        let seed: UInt64
        var version: Int64 = 1

        init(seed: UInt64) async throws {
            self.seed = seed
            clock = ManualClock(
                start: Timestamp("2026-11-18T12:00:00Z") ?? Timestamp(milliseconds: 0))
            store = try await TestStore(clock: clock)
            world = RightsWorld(seed: seed)
            try await store.apply(world.document)
            _ = try await store.directory.take(world.directory(version: 1))
            // So many that for some accounts they are few and for others not.
            for _ in 0..<(seed % 3 == 0 ? 250 : 25) { try await add() }
        }

        private func add() async throws {
            let creator = world.one(of: world.accounts, or: "p0")
            let values = world.values(RightsWorld.columns)
            var principal = Principal.system
            principal.account = creator
            let body = JSONValue.object(JSONObject(values.sorted { $0.key < $1.key }.map { $0 }))
            let id = try await store.create(RightsWorld.item, body, as: .make(principal)).id
            world.items.append(RightsWorld.Item(id: id, creator: creator, values: values))
            try await store.create(
                RightsWorld.note, ["item": .number(JSONNumber(id))])
        }

        var day: String { CalendarDate(clock.now()).text }

        /// Another day, or another organization.
        func turn() async throws {
            if world.chance(50) {
                clock.advance(by: .seconds(86_400 * Int.random(in: 1...5, using: &world.random)))
                return
            }
            world.reorganize()
            version += 1
            _ = try await store.directory.take(world.directory(version: version))
        }
    }

    /// The class's own columns of a record as it came.
    private static func own(_ record: JSONValue) -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        for column in RightsWorld.columns { values[column] = record[column] }
        return values
    }

    @Test(arguments: seeds)
    func `everybody sees exactly what the grants give`(seed: UInt64) async throws {
        let scene = try await Scene(seed: seed)
        let store = scene.store
        for _ in 0..<4 {
            for account in scene.world.accounts {
                let (world, day) = (scene.world, scene.day)
                let caller = world.caller(account)
                let views = world.items.map { ($0.id, world.view(account, $0, on: day)) }
                let mayRead = !world.grants("read", account).isEmpty
                let problem = await refusal { try await store.list(RightsWorld.item, as: caller) }
                #expect((problem == nil) == mayRead, "seed \(seed) \(account)")
                guard mayRead else { continue }
                let list = try await store.list(
                    RightsWorld.item, limit: 1000, count: true, as: caller)
                let seen = views.filter { $0.1 != nil }
                #expect(list.ids == seen.map(\.0), "seed \(seed) \(account) on \(day)")
                #expect(list["count"]?.integer == Int64(seen.count), "seed \(seed) \(account)")
                let records = list["items"]?.array ?? []
                for (record, view) in zip(records, seen) {
                    #expect(
                        RightsPropertyTests.own(record) == view.1 ?? [:],
                        "seed \(seed) \(account) \(view.0)")
                    let text = { (code: String) in view.1?[code]?.string ?? "" }
                    #expect(
                        record["describe"]?.string == "\(text("title"))|\(text("secret"))",
                        "seed \(seed) \(account) \(view.0)")
                }
                for (id, view) in views.prefix(25) {
                    let status = await refusal {
                        try await store.get(RightsWorld.item, id, as: caller)
                    }?.status
                    #expect(status == (view == nil ? 404 : nil), "seed \(seed) \(account) \(id)")
                    let history = await refusal {
                        try await store.history(RightsWorld.item, id, as: caller)
                    }?.status
                    #expect(history == status, "seed \(seed) \(account) \(id)")
                }
            }
            try await scene.turn()
        }
        await store.database.close()
    }

    @Test(arguments: seeds)
    func `no filter, order, expand or history tells what may not be read`(seed: UInt64)
        async throws
    {
        let scene = try await Scene(seed: seed)
        let store = scene.store
        for _ in 0..<3 {
            for account in scene.world.accounts
            where !scene.world.grants("read", account).isEmpty {
                try await checkFilters(scene, account)
                try await checkOrders(scene, account)
                try await checkNotes(scene, account)
                try await checkHistory(scene, account)
            }
            try await scene.turn()
        }
        await store.database.close()
    }

    /// A comparison as text, and whether it holds for what somebody sees.
    private static func term(
        _ world: inout RightsWorld
    ) -> (column: String, text: String, holds: ([String: JSONValue]) -> Bool) {
        let column = world.one(
            of: ["title", "secret", "amount", "department", "boss", "owner", "teams", "watchers"],
            or: "title")
        let isMany = RightsWorld.manyColumns.contains(column)
        let wanted = world.values([column])[column] ?? .null
        if isMany {
            guard let first = wanted.array?.first, let text = first.string else {
                return (column, "\(column) eq null", { ($0[column]?.array ?? []).isEmpty })
            }
            let holds = { (view: [String: JSONValue]) in
                view[column]?.array?.contains(first) ?? false
            }
            if world.chance(50) { return (column, "\(column) eq '\(text)'", holds) }
            return (column, "\(column) ne '\(text)'", { !holds($0) })
        }
        let text =
            wanted.string.map { "'\($0)'" } ?? wanted.integer.map { "\($0)" } ?? "null"
        let isEqual = { (view: [String: JSONValue]) in (view[column] ?? .null) == wanted }
        switch world.one(of: [0, 1, 2], or: 0) {
        case 0: return (column, "\(column) eq \(text)", isEqual)
        case 1: return (column, "\(column) ne \(text)", { !isEqual($0) })
        default: return (column, "not (\(column) eq \(text))", { !isEqual($0) })
        }
    }

    private func checkFilters(_ scene: Scene, _ account: String) async throws {
        let caller = scene.world.caller(account)
        for _ in 0..<6 {
            let (column, text, holds) = RightsPropertyTests.term(&scene.world)
            let (world, day) = (scene.world, scene.day)
            guard world.columnsAnywhere("read", account).contains(column) else {
                let problem = await refusal {
                    try await scene.store.list(RightsWorld.item, filter: text, as: caller)
                }
                #expect(problem?.code == "invalid-filter", "seed \(scene.seed) \(account) \(text)")
                continue
            }
            let expected = world.items.filter {
                world.view(account, $0, on: day).map(holds) ?? false
            }
            let list = try await scene.store.list(
                RightsWorld.item, filter: text, limit: 1000, count: true, as: caller)
            #expect(
                list.ids == expected.map(\.id), "seed \(scene.seed) \(account) \(text) on \(day)")
            #expect(list["count"]?.integer == Int64(expected.count))
        }
    }

    private func checkOrders(_ scene: Scene, _ account: String) async throws {
        let (world, day) = (scene.world, scene.day)
        let caller = world.caller(account)
        for column in ["secret", "amount", "department", "owner"] {
            let text = "\(column) desc,id desc"
            guard world.columnsAnywhere("read", account).contains(column) else {
                let problem = await refusal {
                    try await scene.store.list(RightsWorld.item, orderby: text, as: caller)
                }
                #expect(problem?.code == "invalid-filter")
                continue
            }
            let views = world.items.compactMap { item in
                world.view(account, item, on: day).map { (item.id, $0[column] ?? .null) }
            }
            let sorted = views.sorted { a, b in
                let sign = FilterData.sign(a.1, b.1)
                return sign == 0 ? a.0 > b.0 : sign > 0
            }
            var ids: [Int64] = []
            var cursor: String?
            repeat {
                let page = try await scene.store.list(
                    RightsWorld.item, orderby: text, limit: 7, cursor: cursor, as: caller)
                ids += page.ids
                cursor = page["next"]?.string
            } while cursor != nil
            #expect(ids == sorted.map(\.0), "seed \(scene.seed) \(account) \(text)")
        }
    }

    private func checkNotes(_ scene: Scene, _ account: String) async throws {
        let (world, day) = (scene.world, scene.day)
        let roles = world.rolesOf[account] ?? []
        guard roles.contains("r0") || roles.contains("r1") else { return }
        let caller = world.caller(account)
        let list = try await scene.store.list(
            RightsWorld.note, expand: ["item"], limit: 1000, as: caller)
        for note in list["items"]?.array ?? [] {
            let id = note["item"]?["id"]?.integer
            guard let item = world.items.first(where: { $0.id == id }) else { continue }
            let seen = RightsPropertyTests.own(note["item"] ?? .null)
            #expect(
                seen == world.view(account, item, on: day) ?? [:],
                "seed \(scene.seed) \(account) \(item.id)")
        }
        guard world.columnsAnywhere("read", account).contains("secret") else { return }
        for text in ["item/secret eq 'a'", "item/secret ne 'a'"] {
            let isEqual = text.contains(" eq ")
            let expected = world.items.filter {
                (world.view(account, $0, on: day)?["secret"] == "a") == isEqual
            }
            #expect(
                try await scene.store.ids(RightsWorld.note, filter: text, as: caller)
                    == expected.map(\.id), "seed \(scene.seed) \(account) \(text)")
        }
    }

    private func checkHistory(_ scene: Scene, _ account: String) async throws {
        let (world, day) = (scene.world, scene.day)
        let caller = world.caller(account)
        for item in world.items.prefix(6) where world.covers("read", account, item, on: day) {
            let history = try await scene.store.history(RightsWorld.item, item.id, as: caller)
            let told = Set(
                history.flatMap { $0["changes"]?.array ?? [] }.compactMap { $0["column"]?.string })
            let columns = world.columns("read", account, item, on: day)
            #expect(
                told.isSubset(of: columns), "seed \(scene.seed) \(account) \(item.id) \(told)")
        }
    }

    @Test(arguments: seeds)
    func `everybody writes exactly what the grants give`(seed: UInt64) async throws {
        let scene = try await Scene(seed: seed)
        for round in 0..<120 {
            if round % 30 == 29 { try await scene.turn() }
            let account = scene.world.one(of: scene.world.accounts, or: "p0")
            let columns = scene.world.some(of: RightsWorld.columns, atMost: 3)
            let body = scene.world.values(columns)
            switch round % 4 {
            case 0: try await insert(scene, account, body)
            case 1, 2: try await change(scene, account, body)
            default: if round % 12 == 3 { try await delete(scene, account) }
            }
        }
        // What the service has is what the evaluator let happen.
        for item in scene.world.items {
            let record = try await scene.store.get(RightsWorld.item, item.id)
            let values = item.values.merging(
                RightsWorld.columns.map {
                    ($0, RightsWorld.manyColumns.contains($0) ? .array([]) : .null)
                }, uniquingKeysWith: { a, _ in a })
            #expect(RightsPropertyTests.own(record) == values, "seed \(seed) \(item.id)")
        }
        #expect(try await scene.store.ids(RightsWorld.item) == scene.world.items.map(\.id).sorted())
        await scene.store.database.close()
    }

    private static func json(_ values: [String: JSONValue]) -> JSONValue {
        .object(JSONObject(values.sorted { $0.key < $1.key }.map { $0 }))
    }

    private func insert(
        _ scene: Scene, _ account: String, _ body: [String: JSONValue]
    ) async throws {
        let (world, day) = (scene.world, scene.day)
        let made = RightsWorld.Item(id: 0, creator: account, values: body)
        let isAllowed =
            world.covers("insert", account, made, on: day)
            && world.columns("insert", account, made, on: day).isSuperset(of: body.keys)
        var id: Int64 = 0
        let problem = await refusal {
            id = try await scene.store.create(
                RightsWorld.item, RightsPropertyTests.json(body), as: world.caller(account)
            ).id
        }
        #expect((problem == nil) == isAllowed, "seed \(scene.seed) \(account) inserts \(body)")
        if isAllowed {
            scene.world.items.append(RightsWorld.Item(id: id, creator: account, values: body))
        }
    }

    private func change(
        _ scene: Scene, _ account: String, _ body: [String: JSONValue]
    ) async throws {
        let (world, day) = (scene.world, scene.day)
        guard let index = world.items.indices.randomElement(using: &scene.world.random) else {
            return
        }
        let old = world.items[index]
        var new = old
        new.values.merge(body, uniquingKeysWith: { _, b in b })
        let named = Set(body.keys)
        let differing = named.filter { (old.values[$0] ?? .null) != body[$0] }
        let isAllowed =
            world.covers("change", account, old, on: day)
            && world.covers("change", account, new, on: day)
            && world.columns("change", account, old, on: day).isSuperset(of: named)
            && world.columns("change", account, new, on: day).isSuperset(of: differing)
        let problem = await refusal {
            try await scene.store.change(
                RightsWorld.item, old.id, RightsPropertyTests.json(body),
                as: world.caller(account))
        }
        #expect(
            (problem == nil) == isAllowed,
            "seed \(scene.seed) \(account) changes \(old) by \(body): \(problem?.detail ?? "")")
        if isAllowed { scene.world.items[index] = new }
    }

    private func delete(_ scene: Scene, _ account: String) async throws {
        let (world, day) = (scene.world, scene.day)
        guard let index = world.items.indices.randomElement(using: &scene.world.random) else {
            return
        }
        let item = world.items[index]
        let isAllowed = world.covers("delete", account, item, on: day)
        let problem = await refusal {
            try await scene.store.delete(RightsWorld.item, item.id, as: world.caller(account))
        }
        #expect((problem == nil) == isAllowed, "seed \(scene.seed) \(account) deletes \(item.id)")
        if isAllowed { scene.world.items.remove(at: index) }
    }

    @Test(arguments: seeds)
    func `explain says what happens`(seed: UInt64) async throws {
        let scene = try await Scene(seed: seed)
        for _ in 0..<3 {
            let (world, day) = (scene.world, scene.day)
            let principals = world.accounts.map { world.caller($0).principal }
            for item in world.items.prefix(6) {
                for operation in RightsWorld.operations {
                    for column in [nil, "secret", "department"] {
                        let answer = try await scene.store.records.explain(
                            ExplainRights(
                                RightsWorld.item, operation: operation, record: item.id,
                                column: column, principals: principals), .system)
                        for explained in answer.items {
                            let account = explained.account
                            let isAllowed =
                                column.map {
                                    world.columns(operation, account, item, on: day).contains($0)
                                } ?? world.covers(operation, account, item, on: day)
                            #expect(
                                explained.allowed == isAllowed && !explained.reasons.isEmpty,
                                "seed \(seed) \(account) \(operation) \(item.id) \(column ?? "")")
                        }
                    }
                }
            }
            try await scene.turn()
        }
        await scene.store.database.close()
    }
}
