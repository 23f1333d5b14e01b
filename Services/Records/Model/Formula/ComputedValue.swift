import Database
import JSON

/// The expression of a computed column, made SQL. The engine computes it wherever the column is
/// read (SQLite) or its record is written (PostgreSQL), so that it always fits what it is made of,
/// whoever wrote that; an index keeps it.
struct ComputedValue: Sendable, Hashable {
    /// As it was written.
    let text: String
    /// Declared decimals; nil is as many as the expression has.
    let declaredScale: Int?
    /// A definition is read without a database, so that both engines' words are kept.
    private var sqliteSQL = "NULL"
    private var postgresSQL = "NULL"
    private(set) var form = ValueForm.text
    private(set) var scale = 0
    /// Codes of the columns that it is made of.
    private(set) var uses: Set<String> = []

    func sql(_ dialect: Dialect) -> String { dialect.isSQLite ? sqliteSQL : postgresSQL }

    init(text: String, scale: Int?) {
        self.text = text
        declaredScale = scale
    }

    /// Why a column is of no use in an expression.
    private static func refusal(_ column: ColumnDefinition, isEarlier: Bool) -> String? {
        switch column.type {
        case .file, .json: return "whose values are no plain ones"
        case .computed where !isEarlier: return "which is computed after it; put it before"
        default: return nil
        }
    }

    private static let systemColumns: [String: ValueForm] = [
        "id": .integer, "created": .datetime, "creator": .text,
    ]

    /// Compiles it over the columns of its class; `position` is its own among them.
    func compiled(
        _ position: Int, of columns: [ColumnDefinition]
    ) throws(Formula.Fault) -> ComputedValue {
        let formula = try Formula(text)
        var result = self
        let value = try result.compile(formula, position, of: columns, .sqlite)
        result.sqliteSQL = value.sql
        result.postgresSQL = try result.compile(formula, position, of: columns, .postgresql).sql
        result.scale = value.scale
        result.form =
            value.isNumber ? (value.scale > 0 ? .decimal : .integer) : value.form ?? .text
        let isTooLong =
            result.sqliteSQL.utf8.count > FormulaCompiler.sqlLimit
            || result.postgresSQL.utf8.count > FormulaCompiler.nestedLimit
        guard !isTooLong else {
            throw Formula.Fault(detail: "is too long once it is SQL", offset: 0)
        }
        return result
    }

    private mutating func compile(
        _ formula: Formula, _ position: Int, of columns: [ColumnDefinition],
        _ engine: Dialect.Engine
    ) throws(Formula.Fault) -> FormulaValue {
        var used: Set<String> = []
        let find = { (code: String) -> FormulaValue? in
            if let form = ComputedValue.systemColumns[code] {
                return FormulaValue(sql: quoted(code), form: form)
            }
            guard let index = columns.firstIndex(where: { $0.code == code }),
                ComputedValue.refusal(columns[index], isEarlier: index < position) == nil
            else { return nil }
            used.insert(code)
            let column = columns[index]
            var sql = quoted(code)
            if let computed = column.computed, engine == .postgresql {
                // There a computed column cannot be made of another one.
                sql = "(\(computed.postgresSQL))"
            }
            return FormulaValue(
                sql: sql, form: column.form, scale: column.many ? 0 : column.scale)
        }
        let refused = { (code: String) -> String? in
            if ["now", "today", "me"].contains(code) {
                return "which is another at every moment; an expression has the record only"
            }
            guard let index = columns.firstIndex(where: { $0.code == code }) else { return nil }
            return ComputedValue.refusal(columns[index], isEarlier: index < position)
        }
        let compiler = FormulaCompiler(engine: engine, column: find, refused: refused)
        var value = try compiler.compile(formula)
        guard value.form != nil, value.form != .json else {
            throw Formula.Fault(detail: "has no plain value", offset: 0)
        }
        if let declaredScale {
            guard value.isNumber else {
                throw Formula.Fault(detail: "is no number, so that it has no scale", offset: 0)
            }
            value = compiler.scaled(value, to: declaredScale)
        }
        uses = used
        guard value.isNumber else { return value }
        value = compiler.words.settled(value)
        value.sql = compiler.words.stored(value.sql)
        return value
    }
}

extension ColumnDefinition {
    /// Compiles the computed columns of a class from the first that is not inherited on; `pointers`
    /// has where these stand in the document.
    static func compile(
        _ columns: inout [ColumnDefinition], from first: Int, pointers: [String],
        _ problems: ObjectReader.Problems
    ) {
        for (position, pointer) in zip(first..., pointers) {
            guard let computed = columns[position].computed else { continue }
            do throws(Formula.Fault) {
                let value = try computed.compiled(position, of: columns)
                columns[position].computed = value
                columns[position].scale = value.scale
            } catch {
                problems.add(
                    "\(pointer)/value", "wrong-format",
                    "\(error.detail) (at character \(error.offset + 1))")
            }
        }
    }
}
