/// Steps of a workflow: their kinds, and what is done to them in the form.
extension Texts {
    private static let stepKinds: [String: Words] = [
        "task": ("task", "Aufgabe", "úkol"), "mail": ("mail", "E-Mail", "e-mail"),
        "event": ("wait for an event", "auf ein Ereignis warten", "čekání na událost"),
        "change": ("change the record", "Datensatz ändern", "změna záznamu"),
        "condition": ("condition", "Bedingung", "podmínka"),
        "timer": ("wait", "warten", "čekání"), "script": ("script", "Skript", "skript"),
        "http": ("call an address", "Adresse aufrufen", "volání adresy"),
        "workflow": ("another workflow", "anderer Workflow", "jiný postup"),
        "parallel": ("side by side", "nebeneinander", "souběžně"),
        "import": ("import", "Import", "import"), "export": ("export", "Export", "export"),
        "sync": ("synchronization", "Synchronisation", "synchronizace"),
        "command": ("program", "Programm", "program"),
        "raise": ("raise an event", "Ereignis auslösen", "vyvolání události"),
        "end": ("end", "Ende", "konec"),
    ]

    func modelStepKind(_ kind: String) -> String {
        guard let words = Texts.stepKinds[kind] else { return kind }
        return say(words.0, words.1, words.2)
    }

    func modelStepsLimit(_ limit: Int) -> String {
        say(
            "A workflow has at most \(limit) steps.",
            "Ein Ablauf hat höchstens \(limit) Schritte.",
            "Pracovní postup má nejvýše \(limit) kroků.")
    }
    var modelStepsHint: String {
        say(
            "Open a step to change it. Each leads to the one that it names as next.",
            "Öffnen Sie einen Schritt, um ihn zu ändern. Jeder führt zu dem, den er als nächsten "
                + "nennt.",
            "Otevřením krok změníte. Každý vede k tomu, který uvádí jako další.")
    }
    var modelStepShow: String {
        say("Fields of this kind", "Felder dieser Art", "Pole tohoto druhu")
    }
    var modelStepUp: String { say("Move up", "Nach oben", "Posunout výš") }
    var modelStepDown: String { say("Move down", "Nach unten", "Posunout níž") }
    var modelStepRemove: String {
        say("Remove this step", "Diesen Schritt entfernen", "Odebrat tento krok")
    }
    var modelStepNew: String { say("New step", "Neuer Schritt", "Nový krok") }
    var modelStepsJSON: String {
        say("All steps as JSON", "Alle Schritte als JSON", "Všechny kroky jako JSON")
    }
    var modelStepsJSONHint: String {
        say(
            "What is changed here counts, instead of the fields above.",
            "Was hier geändert wird, gilt anstelle der Felder oben.",
            "Co se změní zde, platí místo polí výše.")
    }
    var modelStepRow: (name: String, step: String) {
        switch tongue {
        case .english: ("Outcome", "Leads to")
        case .german: ("Ergebnis", "Führt zu")
        case .czech: ("Výsledek", "Vede k")
        }
    }
    var modelNamedValue: [String] {
        [say("Name", "Name", "Název"), say("Value", "Wert", "Hodnota")]
    }
}
