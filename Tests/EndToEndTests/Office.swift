import HTTP
import JSON
import ServiceRuntime
import TestSupport

/// A running platform with one application over one tree of units, and somebody of each kind who
/// might call it.
struct Office {
    /// In the columns of every record of the right unit; nobody else may meet it anywhere.
    static let secret = "ROSEBUD"
    static let password = "seven quiet herons 5"

    enum Kind: String, CaseIterable {
        /// Not logged in; without a role; locked after the log-in; of another unit; of the
        /// record's unit; of the unit above it; and the admin, who has every permission.
        case nobody, stranger, locked, wrong, right, manager, admin
    }

    let train: Train
    private(set) var clients: [Kind: APIClient] = [:]
    /// Makes records, and is nobody of the table.
    private let maker: APIClient

    init() async throws {
        train = Train(.together, model: nil)
        try await train.start()
        let admin = try await train.visitor.loggedIn("admin", Train.password)
        try await admin.expect(
            201, .put, "/api/models/office", json: try JSONValue(parsing: Array(document.utf8)))
        let roles: [(String, [JSONValue])] = [
            ("maker", ["maker"]), ("stranger", []), ("locked", ["clerk"]), ("wrong", ["clerk"]),
            ("right", ["clerk"]), ("manager", ["head"]),
        ]
        for (account, roles) in roles {
            let body: JSONValue = [
                "name": .string(account), "kind": "person", "enabled": true, "locked": false,
                "password": .string(Office.password), "roles": .array(roles),
            ]
            try await admin.expect(201, .put, "/api/accounts/\(account)", json: body)
        }
        let company: JSONValue = [
            "name": "Company", "kind": "unit",
            "units": [
                ["code": "it", "parent": nil, "name": "IT", "members": ["manager"]],
                [
                    "code": "support", "parent": "it", "name": "Support",
                    "members": ["right", "locked"],
                ],
                ["code": "sales", "parent": nil, "name": "Sales", "members": ["wrong"]],
            ],
        ]
        try await admin.expect(201, .put, "/api/org-structures/company", json: company)
        maker = try await train.visitor.loggedIn("maker", Office.password)
        for kind in Kind.allCases { clients[kind] = try await logIn(kind) }
        let account = try await admin.expect(200, .get, "/api/accounts/locked")
        try await admin.expect(
            200, .patch, "/api/accounts/locked", json: ["locked": true],
            headers: account.headers["ETag"].map { ["If-Match": $0] } ?? [:])
    }

    /// A session of its own.
    func logIn(_ kind: Kind) async throws -> APIClient {
        switch kind {
        case .nobody: return train.visitor
        case .admin: return try await train.visitor.loggedIn("admin", Train.password)
        case .locked:
            if let known = clients[.locked] { return known }
            return try await train.visitor.loggedIn("locked", Office.password)
        default: return try await train.visitor.loggedIn(kind.rawValue, Office.password)
        }
    }

    /// A new record of the right unit.
    func record() async throws -> Int64 {
        let body: JSONValue = [
            "title": .string(Office.secret), "secret": .string(Office.secret), "amount": 7,
            "department": "support",
        ]
        return try await maker.post("/api/records/office/file", body)["id"]?.integer ?? 0
    }
}

private let document = """
    {"code": "office", "name": "Office", "roles": ["clerk", "head", "maker"], "classes": [
      {"code": "file", "name": "File", "describe": "{title}", "webAccess": true,
       "columns": [
        {"code": "title", "type": "text"}, {"code": "secret", "type": "text"},
        {"code": "amount", "type": "integer"},
        {"code": "department", "type": "unit", "structure": "company"},
        {"code": "papers", "type": "file", "many": true}],
       "grants": [
        {"role": "maker", "operations": ["read", "insert"]},
        {"role": "clerk", "rows": {"scope": "unit", "column": "department"},
         "operations": ["read", "insert", "change", "delete", "changeMany", "deleteMany"]},
        {"role": "head", "rows": {"scope": "subtree", "column": "department"},
         "operations": ["read", "insert", "change", "delete", "changeMany", "deleteMany"]}]},
      {"code": "note", "name": "Note", "webAccess": true,
       "columns": [{"code": "file", "type": "reference", "class": "file"}],
       "grants": [{"role": "clerk", "operations": ["read"]},
                  {"role": "maker", "operations": ["read", "insert"]}]}],
     "queries": [{"code": "titles", "sql": "select title from office_file",
                  "grants": [{"role": "clerk"}, {"role": "head"}]}]}
    """
