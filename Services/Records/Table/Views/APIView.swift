import Contracts
import Database
import JSON

/// An API view: a class by its codes, as a view of the database that other programs read.
struct APIView: Sendable {
    enum State: String, Sendable {
        /// As Records made it.
        case current
        /// Another program replaced it.
        case drifted
        case missing
    }

    let name: String
    let type: FullCode
    let columns: [String]
    /// Of the model when the view was made last.
    let version: Int64
    let state: State

    func json(_ columns: [String]) -> JSONValue {
        .object(
            JSONObject([
                ("name", .string(name)), ("model", .string(type.model)),
                ("class", .string(type.description)),
                ("columns", .array(columns.map { .string($0) })),
                ("version", .number(JSONNumber(version))), ("state", .string(state.rawValue)),
            ]))
    }

    static let migration = Migration(
        "records-models-api-view",
        """
        CREATE TABLE api_view (
            name TEXT PRIMARY KEY,
            class BIGINT NOT NULL,
            version BIGINT NOT NULL,
            definition TEXT NOT NULL
        );
        """)

    /// What the database has under a view's name, against what was made.
    static func state(_ connection: Connection, _ name: String) throws -> State {
        let made = try connection.first(
            "SELECT definition FROM api_view WHERE name = ?", [.text(name)]
        ) { $0.text(0) }
        guard let standing = try standing(connection, name) else { return .missing }
        let present = standing.definition
        // A view of a version that kept no definitions is taken for ours, and so is one that
        // another version of the server tells in its own words.
        guard let made, standing.isView, present != made else {
            return made == nil || standing.isView ? .current : .drifted
        }
        guard connection.dialect.isSQLite || version(made) == version(present) else {
            return .current
        }
        return .drifted
    }

    private static func version(_ definition: String) -> Substring {
        definition.prefix { $0 != " " }
    }

    /// Every view of every model, by name.
    static func all(_ connection: Connection, _ tables: ModelTables) throws -> [APIView] {
        let versions = Dictionary(
            try connection.query("SELECT name, version FROM api_view") {
                ($0.text(0), $0.integer(1))
            }, uniquingKeysWith: { a, _ in a })
        var views: [APIView] = []
        for model in tables.models.keys.sorted() {
            for family in tables.families(of: model) {
                for member in family.members {
                    let name = ClassTable.viewName(member.type)
                    views.append(
                        APIView(
                            name: connection.dialect.name(name), type: member.type,
                            columns: ClassTable.viewColumns(member, of: family),
                            version: versions[name] ?? 0, state: try state(connection, name)))
                }
            }
        }
        return views.sorted { $0.name < $1.name }
    }

    /// Makes a view, in place of whatever has its name.
    static func make(
        _ connection: Connection, _ member: ClassFamily.Member, of family: ClassFamily,
        version: Int64
    ) throws {
        let name = ClassTable.viewName(member.type)
        var lift = ViewLift()
        try drop(connection, name, lift: &lift)
        try makeSchema(connection)
        let place = try place(name, connection)
        try connection.script(sql(member, of: family, as: place, connection.dialect))
        let made = try standing(connection, name)?.definition ?? ""
        try connection.run(
            "INSERT INTO api_view (name, class, version, definition) VALUES (?, ?, ?, ?)",
            [.text(name), .integer(member.number), .integer(version), .text(made)])
        try lift.restore(connection)
    }

    /// Only views go: a table of another program may hold what is nowhere else. What stands on the
    /// view goes into `lift`.
    static func drop(_ connection: Connection, _ name: String, lift: inout ViewLift) throws {
        let standing = try standing(connection, name)
        guard standing?.isView ?? true else {
            throw RecordsError.conflict(
                "A table of another program is called \(name), as the API view should be. Rename "
                    + "the table.")
        }
        if let standing, !connection.dialect.isSQLite {
            try lift.takeGrants(connection, of: standing.oid)
            try lift.take(connection, above: standing.oid)
        }
        try connection.script("DROP VIEW IF EXISTS \(place(name, connection))")
        try connection.run("DELETE FROM api_view WHERE name = ?", [.text(name)])
    }

    /// What a change of a model does to a view.
    struct ViewChange: Sendable {
        enum Change: Sendable, Equatable {
            /// Of a class that comes (nil), or in place of one in this state.
            case make(State?)
            case drop(State)
        }

        let type: FullCode
        let change: Change

        var name: String { ClassTable.viewName(type) }
    }

    static func changes(
        _ connection: Connection, _ change: ModelChange, _ standing: ModelTables,
        _ definition: ModelDefinition
    ) throws -> [ViewChange] {
        var result: [ViewChange] = []
        for code in change.added {
            let type = FullCode(model: definition.code, code: code)
            result.append(ViewChange(type: type, change: .make(nil)))
        }
        for family in change.changed {
            for member in family.new.members {
                guard let before = family.old.members.first(where: { $0.type == member.type })
                else { continue }
                let name = ClassTable.viewName(member.type)
                let dialect = connection.dialect
                guard
                    sql(before, of: family.old, as: name, dialect)
                        != sql(member, of: family.new, as: name, dialect)
                else { continue }
                result.append(
                    ViewChange(type: member.type, change: .make(try state(connection, name))))
            }
        }
        for code in change.dropped {
            let type = FullCode(model: definition.code, code: code)
            let state = try state(connection, ClassTable.viewName(type))
            result.append(ViewChange(type: type, change: .drop(state)))
        }
        return result
    }
}
