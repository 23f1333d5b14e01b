/// What the tools of a list say.
extension Texts {
    var column: String { say("Column", "Spalte", "Sloupec") }
    var columns: String { say("Columns", "Spalten", "Sloupce") }
    var condition: String { say("Condition", "Bedingung", "Podmínka") }
    var value: String { say("Value", "Wert", "Hodnota") }
    var addCondition: String {
        say("Add condition", "Bedingung hinzufügen", "Přidat podmínku")
    }
    var asText: String { say("The filter as text", "Der Filter als Text", "Filtr jako text") }
    var sort: String { say("Sort", "Sortieren", "Řadit") }
    var thenBy: String { say("then by", "dann nach", "pak podle") }
    var direction: String { say("Direction", "Richtung", "Směr") }
    var ascending: String { say("ascending", "aufsteigend", "vzestupně") }
    var descending: String { say("descending", "absteigend", "sestupně") }
    var me: String { say("me", "ich", "já") }
    var today: String { say("today", "heute", "dnes") }
    var recordNumber: String { say("Number", "Nummer", "Číslo") }
    var createdAt: String { say("Created", "Angelegt", "Vytvořeno") }
    var createdBy: String { say("Created by", "Angelegt von", "Vytvořil(a)") }
    var changedAt: String { say("Changed", "Geändert", "Změněno") }
    var changedBy: String { say("Changed by", "Geändert von", "Změnil(a)") }
    var previousPage: String { say("Previous page", "Vorige Seite", "Předchozí stránka") }
    var pagesOfList: String {
        say("Pages of the list", "Seiten der Liste", "Stránky seznamu")
    }
    var chooseAll: String {
        say("Choose all on this page", "Alle auf dieser Seite wählen", "Vybrat vše na stránce")
    }
    var editChosen: String {
        say("Edit what is ticked", "Angekreuzte bearbeiten", "Upravit zaškrtnuté")
    }
    var chooseColumn: String {
        say(
            "Choose a column and a condition.", "Wählen Sie eine Spalte und eine Bedingung.",
            "Vyberte sloupec a podmínku.")
    }

    func editAll(_ count: Int64) -> String {
        say(
            "Edit all \(number(count))", "Alle \(number(count)) bearbeiten",
            "Upravit všech \(number(count))")
    }
    func choose(_ name: String) -> String {
        say("Choose \(name)", "\(name) wählen", "Vybrat \(name)")
    }
    func searchHere(_ name: String) -> String {
        say("Search in \(name)", "In \(name) suchen", "Hledat v: \(name)")
    }
    func without(_ condition: String) -> String {
        say("Remove: \(condition)", "Entfernen: \(condition)", "Odebrat: \(condition)")
    }
    func range(from first: Int64, to last: Int64, of count: Int64) -> String {
        say(
            "\(number(first))–\(number(last)) of \(number(count))",
            "\(number(first))–\(number(last)) von \(number(count))",
            "\(number(first))–\(number(last)) z \(number(count))")
    }
    func noSuchComparison(_ column: String) -> String {
        say(
            "\(column) cannot be compared like this.",
            "\(column) lässt sich so nicht vergleichen.",
            "\(column) nelze takto porovnat.")
    }

    /// How a condition compares; `kind` is the type of the column.
    func comparison(_ comparison: FilterCondition.Operator, _ kind: String) -> String {
        let isTime = kind == "date" || kind == "datetime"
        let isExact = ["choice", "boolean", "reference", "account", "unit"].contains(kind)
        return switch comparison {
        case .contains: say("contains", "enthält", "obsahuje")
        case .startswith: say("starts with", "beginnt mit", "začíná na")
        case .endswith: say("ends with", "endet mit", "končí na")
        case .eq: isExact ? say("is", "ist", "je") : "="
        case .ne: isExact ? say("is not", "ist nicht", "není") : "≠"
        case .gt: isTime ? say("after", "nach", "po") : ">"
        case .ge: isTime ? say("from", "ab", "od") : "≥"
        case .lt: isTime ? say("before", "vor", "před") : "<"
        case .le: isTime ? say("until", "bis", "do") : "≤"
        case .empty: say("is empty", "ist leer", "je prázdné")
        case .filled: say("is not empty", "ist nicht leer", "není prázdné")
        }
    }
}
