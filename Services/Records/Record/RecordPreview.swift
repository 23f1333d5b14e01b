import Contracts
import Database
import JSON
import ServiceRuntime

/// Records as they would be after a write, in the shape of API.md §4, made by the same SQL that
/// writes the change log: what a rule sees is what history will show.
struct RecordPreview {
    private let recordClass: RecordClass
    private let definition: ClassDefinition
    private let describing: DescribeSQL

    init(_ recordClass: RecordClass, _ snapshot: ModelSnapshot) {
        self.recordClass = recordClass
        describing = snapshot.describing
        definition = recordClass.definition
    }

    /// A record that is not there yet: without an id, with version 1.
    func new(
        _ values: [SQLValue?], account: String, now: Timestamp, _ connection: Connection
    ) throws -> JSONBytes {
        let columns = stored.map { values[$0] ?? .null }
        let system: [SQLValue] = [.text(now.text), .text(account), .text(now.text), .text(account)]
        let row = """
            SELECT CAST(NULL AS BIGINT) AS id, 1 AS version, ? AS created, ? AS creator, \
            ? AS modified, ? AS modifier\(type)\(marks)
            """
        let sql = "SELECT \(json("p")) FROM (\(computed(over: row))) AS p"
        let text = try connection.first(sql, system + columns) { $0.text(0) }
        return JSONBytes(Array((text ?? "null").utf8))
    }

    /// A record with other values, deleted or not; nil where there is no row any more.
    func changed(
        _ id: Int64, _ values: [SQLValue], _ connection: Connection
    ) throws -> JSONBytes? {
        let row = """
            SELECT id, version, created, creator, modified, \
            modifier\(recordClass.hasClassColumn ? ", class" : "")\(marks)
            FROM \(recordClass.table) WHERE id = ?
            """
        let sql = "SELECT \(json("p")) FROM (\(computed(over: row))) AS p"
        return try connection.first(sql, stored.map { values[$0] } + [.integer(id)]) {
            JSONBytes(Array($0.text(0).utf8))
        }
    }

    /// A record as it stands.
    func standing(_ id: Int64, _ connection: Connection) throws -> JSONBytes? {
        let sql = "SELECT \(json("r")) FROM \(recordClass.table) AS r WHERE id = ?"
        return try connection.first(sql, [.integer(id)]) { JSONBytes(Array($0.text(0).utf8)) }
    }

    /// What a new record's `class` is.
    private var type: String {
        recordClass.hasClassColumn ? ", \(literal(recordClass.type.description)) AS class" : ""
    }

    /// The positions of the columns that are not computed.
    private var stored: [Int] {
        definition.columns.indices.filter { definition.columns[$0].computed == nil }
    }

    private var marks: String {
        stored.map { position in
            let column = definition.columns[position]
            return ", CAST(? AS \(ClassTable.sqlType(column.form))) AS \(quoted(column.code))"
        }.joined()
    }

    /// A row with what is computed of it, level by level: a computed column may use others.
    private func computed(over row: String) -> String {
        var source = row
        var rest = definition.columns.filter { $0.computed != nil }
        while !rest.isEmpty {
            let waiting = Set(rest.map(\.code))
            let level = rest.filter { $0.computed?.uses.isDisjoint(with: waiting) ?? true }
            guard !level.isEmpty else { break }
            let columns = level.map {
                ", (\($0.computed?.sql(recordClass.dialect) ?? "NULL")) AS \(quoted($0.code))"
            }
            source = "SELECT *\(columns.joined()) FROM (\(source)) AS s"
            rest.removeAll { column in level.contains { $0.code == column.code } }
        }
        return source
    }

    private func json(_ alias: String) -> String {
        RecordJSON(
            definition: definition, hasClassColumn: recordClass.hasClassColumn, alias: alias,
            describing: describing, dialect: recordClass.dialect
        ).sql
    }
}
