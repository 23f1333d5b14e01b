import Contracts
import Database
import JSON
import RPC

/// A query of a model: SQL over API views that reads, with typed parameters.
struct QueryDefinition: Sendable, Hashable {
    static let queryLimit = 200
    static let parameterLimit = 30

    /// `:status` in the SQL.
    struct Parameter: Sendable, Hashable {
        enum Kind: String, Sendable, CaseIterable {
            case text, integer, decimal, boolean, date, datetime
        }

        var code: String
        var type: Kind
        /// Where the caller gives none; nil makes it required.
        var defaultValue: JSONValue?
    }

    /// The type of a parameter on PostgreSQL.
    func sqlType(of code: String) -> String {
        switch parameters.first(where: { $0.code == code })?.type {
        case .integer: "BIGINT"
        case .decimal: "NUMERIC"
        case .boolean: "SMALLINT"
        case .text, .date, .datetime, nil: "TEXT"
        }
    }

    /// Values that every query has without declaring them: the caller's account, this moment, this
    /// day.
    static let ownParameters: Set<String> = ["me", "now", "today"]
    /// Parameters of the address that are no query's own.
    static let reservedCodes: Set<String> = ["limit", "cursor"]

    var code: String
    var name: [String: String]
    var text: QueryText
    var parameters: [Parameter]
    /// Roles whose holders may run it.
    var roles: Set<String>

    func isGranted(to principal: Principal) -> Bool {
        principal.isSystem || principal.roles.contains { roles.contains($0) }
    }

    /// Reads an element of `queries`, every fault gathered.
    init(reading reader: ObjectReader, roles known: [String], _ dialect: Dialect) {
        code = reader.code()
        name = reader.texts("name") ?? [:]
        let parameterReaders = reader.list("parameters")
        parameters = parameterReaders.map { Parameter(reading: $0) }
        if parameters.count > QueryDefinition.parameterLimit {
            reader.fault(
                "parameters", "too-many",
                "has more than \(QueryDefinition.parameterLimit) parameters")
        }
        for (index, parameter) in parameters.enumerated()
        where parameters[..<index].contains(where: { $0.code == parameter.code }) {
            parameterReaders[index].fault("code", "repeated", "is the code of an earlier parameter")
        }
        roles = []
        for grant in reader.list("grants") {
            let role = grant.code("role")
            if !role.isEmpty, !known.contains(role) {
                grant.fault("role", "unknown-role", "\(role) is not among the model's roles")
            }
            roles.insert(role)
            grant.finish()
        }
        text = QueryText.empty
        if let sql = reader.string("sql", required: true) {
            do throws(FilterFault) {
                text = try QueryText(sql, dialect)
                let declared = QueryDefinition.ownParameters.union(parameters.map(\.code))
                if let parameter = text.parameters.first(where: { !declared.contains($0) }) {
                    reader.fault(
                        "sql", "unknown-parameter",
                        "names :\(parameter), which is not among its parameters")
                }
            } catch {
                reader.fault(
                    "sql", "wrong-sql", "\(error.detail) (at character \(error.offset + 1))")
            }
        }
        reader.finish()
    }
}

extension QueryDefinition.Parameter {
    init(reading reader: ObjectReader) {
        code = reader.code()
        if QueryDefinition.ownParameters.union(QueryDefinition.reservedCodes).contains(code) {
            reader.fault("code", "reserved", "\(code) is a word of the platform; choose another")
        }
        let words = Kind.allCases.map(\.rawValue)
        type = reader.word("type", of: words, default: nil).flatMap(Kind.init) ?? .text
        defaultValue = reader.value("default")
        if let value = defaultValue, QueryValue.stored(value, as: type) == nil {
            reader.fault("default", "wrong-type", "must be \(type.words), or null")
        }
        reader.finish()
    }
}

extension QueryDefinition.Parameter.Kind {
    /// What a value of it is, for people.
    var words: String {
        switch self {
        case .text: "a text"
        case .integer: "a whole number of 64 bits"
        case .decimal: "a number of at most 15 digits"
        case .boolean: "true or false"
        case .date: "a date, such as 2026-11-22"
        case .datetime: "a time in UTC, such as 2026-11-22T10:15:30.000Z"
        }
    }
}
