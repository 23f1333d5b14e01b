import Contracts
import JSON

/// What is added up of a column of a list: `sum(spent)`.
struct ListTotal: Sendable, Equatable {
    enum Function: String, Sendable, CaseIterable {
        case sum, avg, min, max, count

        /// What there is of a column's values.
        static func fitting(_ column: ClassDescription.Column) -> [Function] {
            if column.many || column.code == "id" { return [] }
            switch column.type {
            case "integer", "decimal": return allCases
            case "computed" where column.scale != nil: return allCases
            case "date", "datetime": return [.min, .max, .count]
            default: return []
            }
        }
    }

    let function: Function
    let code: String

    init(function: Function, code: String) {
        self.function = function
        self.code = code
    }

    /// Nil where it is none.
    init?(_ text: String) {
        guard let open = text.firstIndex(of: "("), text.last == ")",
            let function = Function(rawValue: String(text[..<open]))
        else { return nil }
        self.function = function
        code = String(text[text.index(after: open)...].dropLast())
    }

    var text: String { "\(function.rawValue)(\(code))" }

    /// The first of each column; what is none is left out.
    static func read(_ texts: [String]) -> [ListTotal] {
        texts.prefix(ListColumns.limit).reduce(into: []) { totals, text in
            guard let total = ListTotal(text), !totals.contains(where: { $0.code == total.code })
            else { return }
            totals.append(total)
        }
    }

    /// Its column, where that is shown and has such a total.
    func column(in shown: [ClassDescription.Column]) -> ClassDescription.Column? {
        shown.first { $0.code == code && Function.fitting($0).contains(function) }
    }
}

/// The last row of a list.
struct ListTotalRow {
    let page: ListPage

    func html() -> HTML {
        tag(.tr) {
            if page.isSelectable { tag(.td, .class("pick")) {} }
            tag(.th, .fixed("scope", "row")) { page.texts.totals }
            if page.query.isDeleted { tag(.td) {} }
            for column in page.columns.shown {
                tag(.td, ListPage.look(of: column)) { total(of: column) }
            }
        }
    }

    private func total(of column: ClassDescription.Column) -> HTML {
        guard let total = page.totals.first(where: { $0.code == column.code }) else {
            return .nothing
        }
        let value = page.sums?[column.code]?[total.function.rawValue]
        var html = tag(.small, .class("quiet")) { page.texts.total(total.function, column.type) }
        if case .number(let number)? = value {
            html += HTML(page.texts.decimal(number.text))
        } else {
            html += ColumnValue(column: column, texts: page.texts).shown(value)
        }
        return html
    }
}
