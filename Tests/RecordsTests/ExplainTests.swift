import Contracts
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// The chain of reasons, and that it tells nobody what he may not know.
@Suite struct ExplainTests {
    private static let file = FullCode(model: "office", code: "file")

    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(
            json(
                """
                {"code": "office", "name": "Office", "roles": ["head", "clerk"], "classes": [
                  {"code": "file", "name": "File", "webAccess": true,
                   "columns": [{"code": "title", "type": "text"},
                               {"code": "department", "type": "unit", "structure": "company"}],
                   "grants": [
                    {"role": "head", "operations": ["read", "change"], "columns": ["title"],
                     "rows": {"scope": "subtree", "column": "department"}},
                    {"role": "clerk", "operations": ["read"], "rows": {"scope": "own"}}]},
                  {"code": "shut", "name": "Shut", "columns": [{"code": "a", "type": "text"}],
                   "grants": [{"role": "head", "operations": ["read"]}]}]}
                """))
        _ = try await store.directory.take(
            TakeDirectory(
                base: 0, version: 1,
                structures: [
                    DirectoryStructure(
                        code: "company", kind: "unit",
                        units: [
                            .init(code: "it", parent: nil, members: ["ida"]),
                            .init(code: "support", parent: "it", members: ["sue"]),
                            .init(code: "desk", parent: "support", members: []),
                        ])
                ]))
        try await store.create(
            ExplainTests.file, ["title": "t", "department": "desk"])
        try await store.create(ExplainTests.file, ["title": "t", "department": "it"])
        return store
    }

    private func explain(
        _ store: TestStore, _ principal: Principal, _ operation: String = "read",
        _ type: FullCode = file, record: Int64? = nil, column: String? = nil,
        asker: Principal = .system
    ) async throws -> RightsExplained.Item {
        let answer = try await store.records.explain(
            ExplainRights(
                type, operation: operation, record: record, column: column,
                principals: [principal]), .make(asker))
        return answer.items[0]
    }

    private let sue = Principal(account: "sue", roles: ["head"])
    private let ida = Principal(account: "ida", roles: ["head"])
    private let admin = Principal(account: "admin", permissions: ["accounts:write"])

    @Test func `the chain goes from the class over roles and units to the column`() async throws {
        let store = try await make()
        let item = try await explain(store, sue, "change", record: 1, column: "title")
        #expect(item.allowed)
        #expect(
            item.reasons.map(\.code) == [
                "class-open", "role-granted", "record-covered", "column-granted",
            ])
        #expect(
            item.reasons[1].detail
                == "The role head has change of each record whose department is one of its units "
                + "or below one, of it the columns title.")
        #expect(
            item.reasons[2].detail
                == "department is desk below support, where sue is a member "
                + "(company: support > desk).")
    }

    @Test func `a denial names the link that is missing`() async throws {
        let store = try await make()
        let outside = try await explain(store, sue, record: 2)
        #expect(!outside.allowed)
        #expect(
            outside.reasons.last
                == RightsReason(
                    code: "record-not-covered",
                    detail: "department is it, which is not within one of its units support."))
        let column = try await explain(store, sue, record: 1, column: "department")
        #expect(!column.allowed && column.reasons.last?.code == "column-not-granted")
        let delete = try await explain(store, sue, "delete")
        #expect(!delete.allowed && delete.reasons.map(\.code) == ["class-open", "not-granted"])
        let shut = try await explain(store, sue, "read", FullCode(model: "office", code: "shut"))
        #expect(!shut.allowed && shut.reasons.first?.code == "class-closed")
        var narrowed = sue
        narrowed.models = ["other"]
        let token = try await explain(store, narrowed)
        #expect(!token.allowed && token.reasons.last?.code == "token-narrowed")
        narrowed = sue
        narrowed.rolesOff = ["office/head"]
        let off = try await explain(store, narrowed)
        #expect(!off.allowed && off.reasons.map(\.code).contains("role-off"))
        let gone = try await explain(store, sue, record: 99)
        #expect(!gone.allowed && gone.reasons.last?.code == "no-record")
    }

    @Test func `an overseer without class data learns no value of a record`() async throws {
        let store = try await make()
        let covered = try await explain(store, sue, record: 1, asker: admin)
        #expect(covered.allowed)
        let outside = try await explain(store, sue, record: 2, asker: admin)
        #expect(!outside.allowed)
        for reason in covered.reasons + outside.reasons {
            #expect(!reason.detail.contains("desk") && !reason.detail.contains("is it,"))
        }
    }

    @Test
    func `asked about oneself, a hidden record is no record, and about others nothing is told`()
        async throws
    {
        let store = try await make()
        let hidden = try await explain(store, sue, record: 2, asker: sue)
        let missing = try await explain(store, sue, record: 99, asker: sue)
        #expect(hidden.reasons == missing.reasons && !hidden.allowed)
        let column = try await explain(store, sue, record: 1, column: "department", asker: sue)
        let none = try await explain(store, sue, record: 1, column: "nothing", asker: sue)
        #expect(column.reasons.last?.code == "unknown-column")
        #expect(none.reasons.last?.code == "unknown-column")
        #expect(await refusal { try await explain(store, ida, asker: sue) }?.status == 403)
        let eve = Principal(account: "eve")
        #expect(await refusal { try await explain(store, eve, asker: eve) }?.status == 404)
    }

    @Test func `an unknown class or operation is refused`() async throws {
        let store = try await make()
        let type = FullCode(model: "office", code: "nothing")
        #expect(await refusal { try await explain(store, sue, "read", type) }?.status == 404)
        let word = await refusal { try await explain(store, sue, "look") }
        #expect(word?.faults == ["/operation not-allowed"])
    }
}
