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
    var showMore: String { say("More", "Weitere", "Další") }
    var totals: String { say("Totals", "Summen", "Souhrny") }
    var noTotal: String { say("none", "keine", "žádný") }
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

    var nothingChosen: String {
        say(
            "Tick the records on their list first; at most 1,000 at once.",
            "Kreuzen Sie die Datensätze zuerst in ihrer Liste an; höchstens 1.000 auf einmal.",
            "Nejprve zaškrtněte záznamy v jejich seznamu; nejvýše 1 000 najednou.")
    }
    var allNeedsFilter: String {
        say(
            "All that a search finds cannot be changed at once; use a filter.",
            "Alles, was eine Suche findet, lässt sich nicht auf einmal ändern; nehmen Sie einen "
                + "Filter.",
            "Vše, co našlo hledání, nelze změnit najednou; použijte filtr.")
    }
    var nothingTicked: String {
        say(
            "Tick the columns that are to change.", "Kreuzen Sie die Spalten an, die sich ändern.",
            "Zaškrtněte sloupce, které se mají změnit.")
    }
    var changeAll: String {
        say("Change all of them", "Alle diese ändern", "Změnit všechny")
    }
    var deletedRecords: String {
        say("Deleted ones", "Gelöschte", "Smazané")
    }
    var deletedAt: String { say("Deleted", "Gelöscht", "Smazáno") }
    var deletedOnes: String {
        say(
            "These are deleted. Open one to put it back.",
            "Diese sind gelöscht. Öffnen Sie einen, um ihn zurückzuholen.",
            "Tyto záznamy jsou smazány. Otevřete některý a vraťte jej.")
    }
    var views: String { say("Views", "Ansichten", "Pohledy") }
    var allRecords: String { say("All", "Alle", "Vše") }
    var saveView: String {
        say(
            "Keep this list under a name", "Diese Liste unter einem Namen behalten",
            "Uložit tento seznam pod názvem")
    }
    var viewName: String { say("My open ones", "Meine offenen", "Moje otevřené") }
    var forEverybody: String { say("for everybody", "für alle", "pro všechny") }
    var asList: String { say("List", "Liste", "Seznam") }
    var asBoard: String { say("Board", "Tafel", "Nástěnka") }
    var withoutChoice: String { say("Without", "Ohne", "Bez hodnoty") }
    var move: String { say("Move", "Verschieben", "Přesunout") }
    var export: String { say("Export", "Export", "Export") }
    var searchAll: String {
        say("Search in everything", "Überall suchen", "Hledat všude")
    }

    var chart: String { say("Chart", "Diagramm", "Graf") }
    var queries: String { say("Reports", "Auswertungen", "Přehledy") }

    func chart(_ kind: Chart.Kind) -> String {
        switch kind {
        case .bar: say("Bars", "Balken", "Sloupce")
        case .line: say("Lines", "Linien", "Čáry")
        }
    }
    func chartOf(_ name: String) -> String {
        say("Chart of \(name)", "Diagramm zu \(name)", "Graf: \(name)")
    }
    func found(_ text: String) -> String {
        say("Found for “\(text)”", "Gefunden zu „\(text)“", "Nalezeno pro „\(text)“")
    }
    func searchCut(_ limit: Int) -> String {
        say(
            "Only the first \(limit) classes were searched.",
            "Nur die ersten \(limit) Klassen wurden durchsucht.",
            "Prohledáno bylo jen prvních \(limit) tříd.")
    }
    func moveCard(_ name: String) -> String {
        say("Move \(name) to", "\(name) verschieben nach", "Přesunout \(name) do")
    }
    func updateView(_ name: String) -> String {
        say(
            "“\(name)” becomes this list", "„\(name)“ wird diese Liste",
            "„\(name)“ bude tento seznam")
    }
    func deleteView(_ name: String) -> String {
        say("Delete view “\(name)”", "Ansicht „\(name)“ löschen", "Smazat pohled „\(name)“")
    }
    func deleteMany(_ count: Int64) -> String {
        say(
            "Delete \(self.count(count))?", "\(self.count(count)) löschen?",
            "Smazat \(self.count(count))?")
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

    /// What a total is called; `kind` is the type of the column.
    func total(_ function: ListTotal.Function, _ kind: String) -> String {
        let isTime = kind == "date" || kind == "datetime"
        return switch function {
        case .sum: say("Sum", "Summe", "Součet")
        case .avg: say("Average", "Durchschnitt", "Průměr")
        case .min:
            isTime
                ? say("Earliest", "Frühestes", "Nejdříve")
                : say("Smallest", "Kleinster Wert", "Nejmenší")
        case .max:
            isTime
                ? say("Latest", "Spätestes", "Nejpozději")
                : say("Largest", "Größter Wert", "Největší")
        case .count: say("Filled in", "Ausgefüllt", "Vyplněno")
        }
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
