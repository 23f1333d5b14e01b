import Contracts
import HTTP
import JSON
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite struct OrganizationTests {
    private static let company: JSONValue = [
        "name": ["en": "Company"], "kind": "unit",
        "units": [
            [
                "code": "it", "parent": nil, "name": ["en": "IT"], "members": ["anna"],
                "from": nil, "until": nil,
            ],
            ["code": "support", "parent": "it", "name": ["en": "Support"], "members": ["bob"]],
        ],
    ]

    /// A gateway with accounts of these codes, and its admin.
    private func gateway(
        _ accounts: [String] = ["anna", "bob"], clock: any WallClock = SystemClock()
    ) async throws -> (TestGateway, TestGateway.Client) {
        let gateway = try await TestGateway(clock: clock)
        let admin = try await gateway.admin()
        for account in accounts {
            _ = await admin.send(.put, "/api/accounts/\(account)", ["name": .string(account)])
        }
        return (gateway, admin)
    }

    private func faults(_ answer: TestGateway.Answer) -> Set<String> {
        Set(
            (answer.json["errors"]?.array ?? []).map {
                "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")"
            })
    }

    @Test func `PUT creates a structure, and replaces it for who names its version`() async throws {
        let (_, admin) = try await gateway()
        let path = "/api/org-structures/company"
        let made = await admin.send(.put, path, OrganizationTests.company)
        #expect(made.status == 201, "\(made)")
        #expect(made.location == path && made.headers["ETag"] == "\"1\"")
        #expect(made.json["units"]?.array?[1]["parent"]?.string == "it")
        #expect(await admin.send(.put, path, OrganizationTests.company).status == 428)
        let other = await admin.send(
            .put, path, ["name": "C", "kind": "unit", "units": []], headers: ["If-Match": "\"1\""])
        #expect(other.status == 200 && other.json["units"] == [] && other.json["name"] == "C")
        let stale = await admin.send(
            .put, path, OrganizationTests.company, headers: ["If-Match": "\"1\""])
        #expect(stale.status == 412)
    }

    @Test(arguments: ["unit", "team", "manager"])
    func `what GET answers of a structure can be put back and changes nothing`(_ kind: String)
        async throws
    {
        let (gateway, admin) = try await gateway()
        let path = "/api/org-structures/it"
        var body = OrganizationTests.company.object ?? JSONObject()
        body["kind"] = .string(kind)
        if kind == "manager" {
            body["units"] = nil
            body["people"] = [["account": "bob", "manager": "anna"]]
        }
        #expect(await admin.send(.put, path, .object(body)).status == 201)
        let first = await admin.send(.get, path)
        let told = gateway.owners.state.withLock { $0.directory.count }
        let put = await admin.send(.put, path, first.json, headers: ["If-Match": "\"1\""])
        #expect(put.status == 200 && put.json == first.json)
        #expect(gateway.owners.state.withLock { $0.directory.count } == told)
    }

    @Test func `PATCH changes what it names`() async throws {
        let (_, admin) = try await gateway()
        let path = "/api/org-structures/company"
        _ = await admin.send(.put, path, OrganizationTests.company)
        #expect(await admin.send(.patch, path, ["name": "C"]).status == 428)
        let named = await admin.send(
            .patch, path, ["name": "C"], headers: ["If-Match": "\"1\""])
        #expect(named.json["name"] == "C" && named.json["units"]?.array?.count == 2)
        let cut = await admin.send(
            .patch, path, ["units": [["code": "it"]]], headers: ["If-Match": "\"2\""])
        #expect(cut.json["name"] == "C" && cut.json["units"]?.array?.count == 1)
        let people = await admin.send(
            .patch, path, ["people": []], headers: ["If-Match": "\"3\""])
        #expect(people.status == 422 && faults(people) == ["/people not-allowed"])
        let kind = await admin.send(
            .patch, path, ["kind": "team"], headers: ["If-Match": "\"3\""])
        #expect(kind.status == 422 && faults(kind) == ["/kind conflict"])
        #expect(
            await admin.send(
                .patch, "/api/org-structures/none", ["name": "C"], headers: ["If-Match": "\"1\""]
            ).status == 404)
    }

    @Test func `a structure that is deleted gives nobody anything`() async throws {
        let (gateway, admin) = try await gateway()
        let path = "/api/org-structures/company"
        _ = await admin.send(.put, path, OrganizationTests.company)
        let anna = try await gateway.session("anna")
        #expect(await anna.send(.get, "/api/me").json["positions"] == ["company/it"])
        #expect(await admin.send(.delete, path).status == 428)
        let stale = await admin.send(.delete, path, headers: ["If-Match": "\"7\""])
        #expect(stale.status == 412)
        let gone = await admin.send(.delete, path, headers: ["If-Match": "\"1\""])
        #expect(gone.status == 204, "\(gone)")
        #expect(await admin.send(.get, path).status == 404)
        #expect(await anna.send(.get, "/api/me").json["positions"] == [])
        let told = gateway.owners.state.withLock { $0.directory.last }
        #expect(told?.removedStructures == ["company"])
    }

    @Test func `every fault of the units is answered at once, with its pointer`() async throws {
        let (_, admin) = try await gateway()
        let answer = await admin.send(
            .put, "/api/org-structures/company",
            [
                "name": "C", "kind": "unit", "colour": "red",
                "units": [
                    ["code": "It"], ["code": "a", "from": "soon"], ["parent": nil],
                    ["code": "b", "from": "2026-02-02", "until": "2026-02-01"],
                    ["code": "c", "boss": "anna"], 7,
                ],
            ])
        #expect(
            faults(answer) == [
                "/colour unknown-member", "/units/0/code invalid-code", "/units/1/from malformed",
                "/units/2/code required", "/units/3/until out-of-range",
                "/units/4/boss unknown-member", "/units/5 wrong-type",
            ], "\(answer)")
        let tree = await admin.send(
            .put, "/api/org-structures/company",
            [
                "name": "C", "kind": "unit",
                "units": [
                    ["code": "a"], ["code": "a"], ["code": "b", "parent": "z"],
                    ["code": "c", "parent": "c"], ["code": "d", "members": ["anna", "anna"]],
                ],
            ])
        #expect(
            faults(tree) == [
                "/units/1/code duplicate", "/units/2/parent unknown-unit", "/units/3/parent cycle",
                "/units/4/members/1 duplicate",
            ], "\(tree)")
        let ghost = await admin.send(
            .put, "/api/org-structures/company",
            [
                "name": "C", "kind": "unit",
                "units": [["code": "a", "members": ["anna", "ghost"]]],
            ])
        #expect(faults(ghost) == ["/units/0/members/1 unknown-account"], "\(ghost)")
        let people = await admin.send(
            .put, "/api/org-structures/company",
            [
                "name": "C", "kind": "manager",
                "people": [
                    ["account": "anna", "manager": "ghost"], ["account": "spook"],
                ],
            ])
        #expect(
            faults(people) == [
                "/people/0/manager unknown-account", "/people/1/account unknown-account",
            ], "\(people)")
        #expect(await admin.send(.get, "/api/org-structures").json["items"] == [])
    }

    @Test func `a cycle is refused, and the problem says which`() async throws {
        let (_, admin) = try await gateway()
        let answer = await admin.send(
            .put, "/api/org-structures/company",
            [
                "name": "C", "kind": "team",
                "units": [
                    ["code": "a", "parent": "b"], ["code": "b", "parent": "c"],
                    ["code": "c", "parent": "a"], ["code": "d", "parent": "a"],
                ],
            ])
        #expect(faults(answer) == ["/units/0/parent cycle"])
        #expect(answer.text.contains("a → b → c → a"))
        let managers = await admin.send(
            .put, "/api/org-structures/company",
            [
                "name": "C", "kind": "manager",
                "people": [
                    ["account": "anna", "manager": "bob"], ["account": "bob", "manager": "anna"],
                ],
            ])
        #expect(faults(managers) == ["/people/0/manager cycle"])
    }

    @Test func `units stand in at most 30 levels`() async throws {
        let (_, admin) = try await gateway([])
        func units(_ count: Int) -> JSONValue {
            .array(
                (1...count).map {
                    ["code": .string("u\($0)"), "parent": $0 == 1 ? nil : .string("u\($0 - 1)")]
                })
        }
        let path = "/api/org-structures/deep"
        let over = await admin.send(
            .put, path, ["name": "D", "kind": "unit", "units": units(32)])
        #expect(faults(over) == ["/units/30/parent too-deep"], "\(over)")
        let most = await admin.send(
            .put, path, ["name": "D", "kind": "unit", "units": units(30)])
        #expect(most.status == 201)
    }

    @Test func `one person may be in several units, and only those of today are positions`()
        async throws
    {
        let clock = ManualClock(start: Timestamp("2026-11-22T23:59:00Z") ?? .init(milliseconds: 0))
        let (gateway, admin) = try await gateway(["anna", "bob"], clock: clock)
        let made = await admin.send(
            .put, "/api/org-structures/company",
            [
                "name": "C", "kind": "unit",
                "units": [
                    ["code": "a", "members": ["anna"]],
                    ["code": "b", "members": ["anna"], "until": "2026-11-22"],
                    ["code": "c", "members": ["anna"], "from": "2026-11-23"],
                ],
            ])
        #expect(made.status == 201)
        _ = await admin.send(
            .put, "/api/org-structures/boss",
            ["name": "Boss", "kind": "manager", "people": [["account": "bob", "manager": "anna"]]])
        let anna = try await gateway.session("anna")
        #expect(
            await anna.send(.get, "/api/me").json["positions"]
                == ["boss/anna", "company/a", "company/b"])
        clock.advance(by: .seconds(120))
        #expect(
            await anna.send(.get, "/api/me").json["positions"]
                == ["boss/anna", "company/a", "company/c"])
    }

    @Test(arguments: [UInt64.random(in: 1...1_000_000), 1, 2])
    func `random units are taken exactly where they are a tree`(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        for round in 0..<2000 {
            let count = 1 + random.below(12)
            let units = (0..<count).map { index in
                let parent = random.below(count + 3)
                return OrgStructure.Unit(
                    code: "u\(random.below(30) == 0 ? 0 : index)",
                    parent: parent >= count + 1 ? nil : "u\(parent)", name: [:], members: [],
                    from: nil, until: nil)
            }
            let problems = ObjectReader.Problems()
            OrgTree.check(units, isPeople: false, problems: problems)
            let isTree = OrganizationTests.isTree(units)
            #expect(problems.items.isEmpty == isTree, "seed \(seed), round \(round): \(units)")
        }
    }

    /// By walking up from each unit.
    private static func isTree(_ units: [OrgStructure.Unit]) -> Bool {
        guard Set(units.map(\.code)).count == units.count else { return false }
        return units.allSatisfy { unit in
            var at: OrgStructure.Unit? = unit
            for _ in 0...units.count {
                guard let parent = at?.parent else { return true }
                guard let above = units.first(where: { $0.code == parent }) else { return false }
                at = above
            }
            return false
        }
    }
}
